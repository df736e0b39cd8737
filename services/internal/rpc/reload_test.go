package rpc_test

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

func TestRenewedCertificateIsUsedWithoutARestart(t *testing.T) {
	other, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	own, renewed := copyService(t, shared.Services["tax"]), other.Services["tax"]
	clk := testkit.ClockAt(time.Now())
	certs, err := rpc.LoadCertificates(shared.CAFile, own.CertFile, own.KeyFile, clk)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		cert, err := certs.PublicServer().GetCertificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.String()
	}
	before := serial()
	overwrite(t, own.CertFile, renewed.CertFile)
	clk.Pass(2 * time.Second)
	if serial() != before {
		t.Error("a certificate without its key was taken into use")
	}
	overwrite(t, own.KeyFile, renewed.KeyFile)
	if serial() != before {
		t.Error("the files are looked at more than once a second")
	}
	clk.Pass(time.Second)
	if serial() == before {
		t.Error("the renewed certificate is not used")
	}
	if _, err := certs.Pool(); err != nil {
		t.Error(err)
	}
}

func copyService(t *testing.T, s devsetup.Service) devsetup.Service {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []*string{&s.CertFile, &s.KeyFile, &s.TokensFile} {
		copied := filepath.Join(dir, filepath.Base(*path))
		overwrite(t, copied, *path)
		*path = copied
	}
	return s
}

func overwrite(t *testing.T, path, from string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, string(content))
}

// put writes a file so that its time stamp is never the one before.
func put(t *testing.T, path, content string) {
	t.Helper()
	stamp := time.Now()
	if info, err := os.Stat(path); err == nil {
		stamp = info.ModTime().Add(time.Second)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, stamp, stamp); err != nil {
		t.Fatal(err)
	}
}

func TestWithdrawnTokenIsRefusedWithoutARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	line := func(token string) string {
		return "- {sha256: " + rpc.HashToken(token) + ", role: officer, subject: o1}\n"
	}
	put(t, path, line("old")+line("new"))
	clk := testkit.ClockAt(time.Now())
	tokens, err := rpc.LoadTokens(path, clk)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Authenticate(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	put(t, path, line("new"))
	clk.Pass(time.Second)
	if _, err := tokens.Authenticate(t.Context(), "old"); fault.RuleOf(err) != "rpc.token-unknown" {
		t.Errorf("withdrawn: %v", err)
	}
	if _, err := tokens.Authenticate(t.Context(), "new"); err != nil {
		t.Errorf("kept: %v", err)
	}
	put(t, path, "broken: [")
	clk.Pass(time.Second)
	if _, err := tokens.Authenticate(t.Context(), "new"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("broken file: %v", err)
	}
}

func TestTokensFileThatSaysTooLittleIsRefused(t *testing.T) {
	hash := rpc.HashToken("x")
	for name, content := range map[string]string{
		"no role":     "- {sha256: " + hash + ", subject: o1}",
		"no subject":  "- {sha256: " + hash + ", role: officer}",
		"any role":    "- {sha256: " + hash + ", role: '*', subject: o1}",
		"short hash":  "- {sha256: abcd, role: officer, subject: o1}",
		"unknown key": "- {sha256: " + hash + ", role: officer, subject: o1, admin: true}",
		"twice":       strings.Repeat("- {sha256: "+hash+", role: officer, subject: o1}\n", 2),
		"not a list":  "a: b",
	} {
		path := filepath.Join(t.TempDir(), "tokens.yaml")
		put(t, path, content)
		if _, err := rpc.LoadTokens(path, nil); err == nil || strings.Contains(err.Error(), hash) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
