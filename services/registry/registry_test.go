package registry

import (
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/registry/internal/peers/enhetsregisteret"
)

// fields are what is wrong with a configuration, of what is the registry's own.
func fields(c *Config) []string {
	var all []string
	for _, v := range c.Validate() {
		if v.Rule == "config.agency" || v.Rule == "config.enhetsregisteret" || v.Rule == "config.list_lifetime" {
			all = append(all, v.Field)
		}
	}
	return all
}

func TestRegisterHasADefaultInProductionAlone(t *testing.T) {
	c := &Config{}
	if got := fields(c); len(got) != 0 || c.Enhetsregisteret.URL != enhetsregisteret.Production || c.Enhetsregisteret.PollInterval != time.Minute ||
		c.ListLifetime != 5*time.Minute || c.EligibilityPerMinute != 120 {
		t.Errorf("%v %+v", got, c)
	}
	c = &Config{}
	c.Development = true
	if got := fields(c); len(got) != 0 || c.Enhetsregisteret.URL != "" {
		t.Errorf("a development stack asks the real register of synthetic numbers: %v %+v", got, c.Enhetsregisteret)
	}
}

func TestWrongConfigurationIsNamed(t *testing.T) {
	c := &Config{
		Agencies:         []Agency{{DID: "did:key:x", OrganisationNumber: "1", CredentialTypes: []string{"X"}}},
		ListLifetime:     time.Millisecond,
		Enhetsregisteret: Enhetsregisteret{URL: "http://127.0.0.1:1/api", PollInterval: time.Millisecond}, EligibilityPerMinute: -1,
	}
	want := []string{
		"agencies[0].did", "agencies[0].organisation_number", "agencies[0].legal_name", "agencies[0].credential_types",
		"enhetsregisteret.url", "enhetsregisteret.poll_interval", "eligibility_per_minute", "list_lifetime",
	}
	if got := fields(c); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	c.Development = true
	if got := fields(c); slices.Contains(got, "enhetsregisteret.url") {
		t.Error("a stand-in on loopback is refused in development", got)
	}
}
