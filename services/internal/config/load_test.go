package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// office is a service's own configuration.
type office struct {
	config.Common `yaml:",inline"`
	Office        struct {
		City string `yaml:"city"`
		Size int    `yaml:"size"`
	} `yaml:"office"`
}

func (o *office) Validate() []fault.Violation {
	wrong := o.Common.Validate(config.Needs{Peers: []string{"verifier"}, Events: true, Methods: []string{"/a.B/C"}})
	if o.Office.City == "" {
		wrong = append(wrong, fault.Violation{Field: "office.city", Rule: "config.office.city", Message: "is missing: name a city"})
	}
	return wrong
}

func good(t *testing.T) (dir, text string) {
	t.Helper()
	dir = t.TempDir()
	for _, name := range []string{"ca.pem", "cert.pem", "key.pem", "master.key", "tokens.yaml", "nats.password"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, strings.ReplaceAll(`service: tax
data_dir: DIR
public_listen: 127.0.0.1:7101
internal_listen: 127.0.0.1:7201
public_url: https://tax.kompetansespor.example
did: did:web:tax.kompetansespor.example
development: true
tls: {ca: DIR/ca.pem, cert: DIR/cert.pem, key: DIR/key.pem}
master_key_file: DIR/master.key
tokens_file: DIR/tokens.yaml
nats: {url: "tls://127.0.0.1:7222", password_file: DIR/nats.password}
peers: {verifier: "verifier.internal.kompetansespor.example:7443"}
callers: {/a.B/C: [bank.internal.kompetansespor.example]}
office: {city: Oslo}
`, "DIR", dir)
}

func load(t *testing.T, text string, environ ...string) (*office, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &office{}
	return c, config.Load(path, c, environ)
}

func fields(err error) map[string]string {
	said := map[string]string{}
	for _, v := range fault.From(err).Violations {
		said[v.Field] = v.Message
	}
	return said
}

func TestGoodConfigurationIsTakenWithItsDefaults(t *testing.T) {
	dir, text := good(t)
	c, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	if c.Database.Driver != "sqlite" || c.Database.DSN != dir+"/tax.db" || c.NATS.User != "tax" || c.NATS.CA != c.TLS.CA || c.Office.City != "Oslo" {
		t.Errorf("%+v", c)
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	_, err := load(t, `service: Tax Office
surprise: 1
public_listen: nonsense
internal_listen: 127.0.0.1:x
public_url: http://tax.example/path
did: did:key:z6Mk
names: {a.example: "127.0.0.1:1"}
tls: {ca: /nowhere/ca.pem}
database: {driver: oracle}
redis: {url: "http://x"}
telemetry: {endpoint: "x:1"}
peers: {bank: bank}
callers: {FetchView: [police], /a.B/C: [], /a.B/D: [bank.internal.kompetansespor.example]}
crash_at: now
office: {size: many}
`, "KOMPETANSESPOR_OFFICE_SIZE=huge", "KOMPETANSESPOR_TYPO=1", "HOME=/root", "KOMPETANSESPOR_NO_SKIP=1")
	if fault.RuleOf(err) != "config.invalid" || fault.KindOf(err) != fault.Invalid {
		t.Fatal(err)
	}
	said := fields(err)
	for _, field := range []string{"service", "data_dir", "public_listen", "internal_listen", "public_url", "did", "names", "tls.ca", "tls.cert",
		"tls.key", "master_key_file", "tokens_file", "database.driver", "nats.url", "redis.url", "telemetry.endpoint", "peers.bank", "peers.verifier",
		"callers.FetchView", "callers./a.B/C", "callers./a.B/D", "crash_at", "office.city", "KOMPETANSESPOR_OFFICE_SIZE", "KOMPETANSESPOR_TYPO"} {
		if said[field] == "" {
			t.Errorf("nothing is said about %s", field)
		}
		delete(said, field)
	}
	delete(said, "file")
	if len(said) != 0 {
		t.Errorf("said without need: %v", said)
	}
	if text := err.Error(); !strings.Contains(text, "the key surprise is unknown") || !strings.Contains(text, "line 15") || strings.Contains(text, "config_test") {
		t.Error(text)
	}
}

func TestEnvironmentStandsAboveTheFile(t *testing.T) {
	_, text := good(t)
	c, err := load(t, text, "KOMPETANSESPOR_PUBLIC_LISTEN=127.0.0.1:8101", "KOMPETANSESPOR_OFFICE_CITY=Bergen", "KOMPETANSESPOR_OFFICE_SIZE=7",
		"KOMPETANSESPOR_TELEMETRY_ENDPOINT=http://127.0.0.1:4317", `KOMPETANSESPOR_NAMES={a.example: "127.0.0.1:1"}`, "KOMPETANSESPOR_DEVELOPMENT=true")
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicListen != "127.0.0.1:8101" || c.Office.City != "Bergen" || c.Office.Size != 7 ||
		c.Telemetry.Endpoint != "http://127.0.0.1:4317" || c.Names["a.example"] != "127.0.0.1:1" {
		t.Errorf("%+v", c)
	}
}

func TestWhatIsForDevelopmentNeedsDevelopment(t *testing.T) {
	_, text := good(t)
	text = strings.Replace(text, "development: true", "development: false", 1)
	_, err := load(t, text+"crash_at: didcomm.send.before-post#2\nnames: {a.example: \"127.0.0.1:1\"}\nvc_api_examples: true\n")
	if said := fields(err); len(said) != 3 || said["crash_at"] == "" || said["names"] == "" || said["vc_api_examples"] == "" {
		t.Error(err)
	}
}

func TestBrokenFilesAreRefused(t *testing.T) {
	_, text := good(t)
	for name, content := range map[string]string{
		"not YAML":      "a: [",
		"two documents": text + "---\nservice: tax\n",
		"repeated key":  text + "service: bank\n",
		"empty":         "",
		"too large":     text + "#" + strings.Repeat("x", 1<<20),
	} {
		if _, err := load(t, content); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := config.Load("/nowhere", &office{}, nil); fault.RuleOf(err) != "config.unreadable" {
		t.Error(err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("service: tax\n", "KOMPETANSESPOR_OFFICE_SIZE=1")
	f.Add("a: &a [*a]", "KOMPETANSESPOR_NAMES={")
	f.Fuzz(func(t *testing.T, text, env string) {
		_, _ = load(t, text, env)
	})
}
