package devsetup_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

func prepare(t *testing.T, dir string, options devsetup.Options) *devsetup.Layout {
	t.Helper()
	layout, err := devsetup.Prepare(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return layout
}

// everything reads all files below dir.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestEverythingSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	first := prepare(t, dir, devsetup.Options{FreePorts: true})
	before := everything(t, dir)
	second := prepare(t, dir, devsetup.Options{})
	after := everything(t, dir)
	if len(before) != len(after) {
		t.Fatalf("%d files became %d", len(before), len(after))
	}
	for path, content := range before {
		if after[path] != content {
			t.Errorf("%s changed", path)
		}
	}
	if first.Services["tax"].PublicAddr != second.Services["tax"].PublicAddr || len(second.Tokens) != len(first.Tokens) ||
		first.Tokens[0] != second.Tokens[0] {
		t.Error("the second layout differs")
	}
}

func TestWhatWasInterruptedIsCompleted(t *testing.T) {
	dir := t.TempDir()
	layout := prepare(t, dir, devsetup.Options{})
	bank := layout.Services["bank"]
	kept := everything(t, dir)
	for _, path := range []string{bank.CertFile, bank.TokensFile, bank.ConfigFile, layout.NATS.CertFile} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		delete(kept, path)
	}
	prepare(t, dir, devsetup.Options{})
	after := everything(t, dir)
	for path, content := range kept {
		if after[path] != content {
			t.Errorf("%s changed", path)
		}
	}
	if _, err := tls.LoadX509KeyPair(bank.CertFile, bank.KeyFile); err != nil {
		t.Error(err)
	}
}

func TestEveryConfigurationIsGood(t *testing.T) {
	layout := prepare(t, t.TempDir(), devsetup.Options{
		Callers: map[string]map[string][]string{"verifier": {"/a.B/C": {"police", "tax"}}},
	})
	for _, name := range devsetup.Services() {
		var c config.Common
		if err := config.Load(layout.Services[name].ConfigFile, &c, nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.Service != name || len(c.Peers) != 6 || (c.DID == "") != (name == "wallet") || (c.NATS.URL == "") != (name == "wallet") {
			t.Errorf("%s: %+v", name, c)
		}
		if name == "verifier" && (len(c.Callers["/a.B/C"]) != 2 || c.PublicURL != "https://udi.kompetansespor.example") {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestExtraKeysStandInTheConfiguration(t *testing.T) {
	layout := prepare(t, t.TempDir(), devsetup.Options{Extra: map[string]map[string]any{"tax": {"office": map[string]any{"city": "Oslo"}}}})
	var c struct {
		config.Common `yaml:",inline"`
		Office        struct {
			City string `yaml:"city"`
		} `yaml:"office"`
	}
	if err := config.Load(layout.Services["tax"].ConfigFile, &c, nil); err != nil || c.Office.City != "Oslo" {
		t.Fatalf("%v: %+v", err, c)
	}
}

func TestSecretsAreReadableByTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	layout := prepare(t, dir, devsetup.Options{})
	secrets := []string{layout.TokensFile, layout.NATS.KeyFile, filepath.Join(dir, "ca", "ca-key.pem")}
	for _, path := range layout.NATS.PasswordFiles {
		secrets = append(secrets, path)
	}
	for _, s := range layout.Services {
		secrets = append(secrets, s.MasterKeyFile, s.KeyFile, s.TokensFile, s.ConfigFile)
		if key, err := os.ReadFile(s.MasterKeyFile); err != nil || len(key) != 32 {
			t.Errorf("%s: %d bytes, %v", s.MasterKeyFile, len(key), err)
		}
	}
	for _, path := range secrets {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestCertificatesShowTheirNamesAndNoOthers(t *testing.T) {
	layout := prepare(t, t.TempDir(), devsetup.Options{})
	pool := x509.NewCertPool()
	ca, err := os.ReadFile(layout.CAFile)
	if err != nil || !pool.AppendCertsFromPEM(ca) {
		t.Fatal(err)
	}
	verify := func(file, name string) error {
		pair, err := tls.LoadX509KeyPair(file, filepath.Join(filepath.Dir(file), "key.pem"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name})
		return err
	}
	for _, name := range devsetup.Services() {
		s := layout.Services[name]
		for _, shown := range []string{s.Host, s.InternalName, "localhost", "127.0.0.1"} {
			if err := verify(s.CertFile, shown); err != nil {
				t.Errorf("%s as %s: %v", name, shown, err)
			}
		}
		if err := verify(s.CertFile, "nats.kompetansespor.example"); err == nil {
			t.Errorf("%s can stand for another", name)
		}
	}
	if err := verify(layout.NATS.CertFile, "127.0.0.1"); err != nil {
		t.Error(err)
	}
}

func TestTokensWorkAndTheirFileHoldsHashesOnly(t *testing.T) {
	layout := prepare(t, t.TempDir(), devsetup.Options{})
	for _, token := range layout.Tokens {
		path := layout.Services[token.Service].TokensFile
		tokens, err := rpc.LoadTokens(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		who, err := tokens.Authenticate(t.Context(), token.Token)
		if err != nil || string(who.Role) != token.Role || who.Subject != token.Subject {
			t.Errorf("%s: %v, %+v", token.Service, err, who)
		}
		if content, err := os.ReadFile(path); err != nil || bytes.Contains(content, []byte(token.Token)) {
			t.Errorf("%s holds the token itself (%v)", path, err)
		}
	}
	if _, ok := layout.Token("issuer", "employer"); !ok {
		t.Error("no employer's token")
	}
}
