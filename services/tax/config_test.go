package tax

import (
	"crypto/rand"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
)

func TestConfigurationNamesTheRegisterAndItsTokens(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key.pem")
	if err := maskinporten.Enrol(dir, rand.Reader, maskinporten.Client{ID: "tax"}, "key-1", key); err != nil {
		t.Fatal(err)
	}
	tokens := "\nmaskinporten: {url: https://maskinporten.no, client_id: tax, key_id: key-1, key_file: " + key + "}"
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"development, own register": {"development: true", nil},
		"production, no register":   {"development: false", []string{"folkeregisteret.url"}},
		"production":                {"folkeregisteret: {url: https://folkeregisteret.api.skatteetaten.no}" + tokens, nil},
		"no tokens":                 {"folkeregisteret: {url: https://folkeregisteret.api.skatteetaten.no}", []string{"maskinporten.url"}},
		"plain http in production":  {"folkeregisteret: {url: http://127.0.0.1:9/folkeregisteret}" + tokens, []string{"folkeregisteret.url"}},
		"plain http on loopback":    {"development: true\nfolkeregisteret: {url: http://127.0.0.1:9/folkeregisteret}" + tokens, nil},
		"plain http elsewhere":      {"development: true\nfolkeregisteret: {url: http://register.example}" + tokens, []string{"folkeregisteret.url"}},
		"credentials in the URL":    {"folkeregisteret: {url: 'https://a:b@register.example'}" + tokens, []string{"folkeregisteret.url"}},
		"half of the tokens": {"folkeregisteret: {url: https://register.example}\nmaskinporten: {url: https://maskinporten.no, key_file: nowhere}",
			[]string{"maskinporten.client_id", "maskinporten.key_id", "maskinporten.key_file"}},
		"tokens of nobody": {"development: true\nmaskinporten: {client_id: tax, key_id: key-1, key_file: " + key + "}", []string{"maskinporten.url"}},
	} {
		var cfg Config
		decoder := yaml.NewDecoder(strings.NewReader("did: did:web:tax.kompetansespor.example\n" + c.text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&cfg); err != nil {
			t.Fatal(name, err)
		}
		var got []string
		for _, v := range cfg.Validate() {
			if strings.HasPrefix(v.Field, "folkeregisteret") || strings.HasPrefix(v.Field, "maskinporten") {
				got = append(got, v.Field)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
