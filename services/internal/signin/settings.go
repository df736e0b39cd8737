package signin

import (
	"net"
	"net/url"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Settings say where people sign in, as a service's configuration has them.
type Settings struct {
	// Issuer is the provider, such as https://ansattporten.no. In development also
	// http:// on loopback. Empty: nobody can sign in.
	Issuer string `yaml:"issuer,omitempty"`
	// ClientID is the service's name at the provider. Required with issuer.
	ClientID string `yaml:"client_id,omitempty"`
	// ClientSecretFile holds the secret that goes with it, one line. Required with
	// issuer.
	ClientSecretFile string `yaml:"client_secret_file,omitempty"`
	// ACR are the levels of assurance that are enough, such as
	// idporten-loa-substantial and idporten-loa-high. Required with issuer.
	ACR []string `yaml:"acr,omitempty"`
	// Resource is the Altinn resource that a person must be trusted with by an
	// organisation to act for it, such as urn:altinn:resource:kompetansespor-issue.
	// Empty: no organisation is asked for.
	Resource string `yaml:"resource,omitempty"`
}

// On reports whether people can sign in.
func (s Settings) On() bool { return s.Issuer != "" }

// Validate says what is wrong with settings at a key of a configuration.
func (s Settings) Validate(key string, development bool) (all []fault.Violation) {
	if !s.On() {
		return nil
	}
	wrong := func(field, message string) {
		all = append(all, fault.Violation{Field: key + "." + field, Rule: "config." + key + "." + field, Message: message})
	}
	if !reachable(s.Issuer, development) {
		wrong("issuer", "must begin with https://, or in development be http:// on a loopback address")
	}
	if s.ClientID == "" {
		wrong("client_id", "is missing: the provider gives it when the service is registered")
	}
	if s.ClientSecretFile == "" {
		wrong("client_secret_file", "is missing: put the client's secret into a file and name that")
	}
	if len(s.ACR) == 0 {
		wrong("acr", "is missing: list the levels of assurance that are enough, such as idporten-loa-high")
	}
	return all
}

func reachable(issuer string, development bool) bool {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || development && u.Scheme == "http" && ip != nil && ip.IsLoopback()
}
