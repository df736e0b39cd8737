package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// What is wrong with a configuration, or with what it names, is told with the key
// that it is about and what to do; the command then ends with 1.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Pilot())
	if err != nil {
		t.Fatal(err)
	}
	tax := layout.Services["tax"]
	seen := func() string {
		t.Helper()
		var out bytes.Buffer
		if err := run(t.Context(), []string{"doctor", "--patience", "200ms", "--config", tax.ConfigFile}, &out, &out); err == nil {
			t.Error("nothing runs, and nothing is wrong")
		}
		return out.String()
	}
	tells := func(grade, about, says string) {
		t.Helper()
		for line := range strings.Lines(seen()) {
			words := strings.Fields(line)
			if len(words) > 3 && words[0] == grade && words[2] == about && strings.Contains(line, says) {
				return
			}
		}
		t.Errorf("not told: %s %s %q\n%s", grade, about, says, seen())
	}
	tells("ok", "master_key_file", "only its owner")
	tells("ok", "database", "makes it when it starts")
	tells("ok", "tls.cert", "valid until")
	tells("wrong", "nats", "does not let tax in")
	tells("wrong", "peers.bank", "is not reached")
	tells("look", "redis.url", "is not set")

	options := devsetup.Pilot()
	if err := layout.Reissue(options, time.Hour); err != nil {
		t.Fatal(err)
	}
	tells("look", "tls.cert", "renew it")
	options.Clock = clock.Fixed(time.Now().AddDate(0, 0, -2))
	if err := layout.Reissue(options, time.Hour); err != nil {
		t.Fatal(err)
	}
	tells("wrong", "tls.cert", "it ended")
	if err := os.Chmod(tax.MasterKeyFile, 0o644); err != nil {
		t.Fatal(err)
	}
	tells("look", "master_key_file", "chmod 600")
	if err := os.WriteFile(tax.MasterKeyFile, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	tells("wrong", "master_key_file", "32 random bytes")

	// A database that a newer program has made is not touched.
	cfg, err := commonOf(tax.ConfigFile)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), "sqlite", cfg.Database.DSN, services["tax"].schema()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.SQL().Exec(`INSERT INTO schema_epoch (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	tells("wrong", "database", "run the newer program")
	if err := os.Remove(tax.TokensFile); err != nil {
		t.Fatal(err)
	}
	tells("wrong", "tokens_file", "cannot be read")
}
