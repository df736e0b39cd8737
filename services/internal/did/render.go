package did

import (
	"encoding/json"
	"slices"
)

// jwkContexts are the JSON-LD contexts of the two kinds of verification method
// that hold a JWK.
var jwkContexts = map[string]string{
	"JsonWebKey2020": "https://w3id.org/security/suites/jws-2020/v1",
	"JsonWebKey":     "https://w3id.org/security/jwk/v1",
}

// renderedMethod is a verification method as it is written.
type renderedMethod struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	Controller string  `json:"controller"`
	Multibase  string  `json:"publicKeyMultibase,omitempty"`
	JWK        *JWK    `json:"publicKeyJwk,omitempty"`
	Expires    *string `json:"expires,omitempty"`
	Revoked    *string `json:"revoked,omitempty"`
}

// MarshalJSON writes the document fit to be served as did.json: its keys as
// Multikeys, or as the JWKs they came as, with their periods; and the JSON-LD
// contexts that define what is written (application/did+ld+json).
func (d *Document) MarshalJSON() ([]byte, error) {
	type service struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Endpoint any    `json:"serviceEndpoint"`
	}
	out := struct {
		Context              []string         `json:"@context"`
		ID                   string           `json:"id"`
		VerificationMethod   []renderedMethod `json:"verificationMethod,omitempty"`
		Authentication       []string         `json:"authentication,omitempty"`
		AssertionMethod      []string         `json:"assertionMethod,omitempty"`
		KeyAgreement         []string         `json:"keyAgreement,omitempty"`
		CapabilityInvocation []string         `json:"capabilityInvocation,omitempty"`
		CapabilityDelegation []string         `json:"capabilityDelegation,omitempty"`
		Service              []service        `json:"service,omitempty"`
	}{
		Context:              []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		ID:                   d.ID,
		Authentication:       d.Authentication,
		AssertionMethod:      d.AssertionMethod,
		KeyAgreement:         d.KeyAgreement,
		CapabilityInvocation: d.CapabilityInvocation,
		CapabilityDelegation: d.CapabilityDelegation,
	}
	for _, m := range d.VerificationMethod {
		method := renderedMethod{ID: m.ID, Type: "Multikey", Controller: m.Controller, Expires: formatInstant(m.Expires), Revoked: formatInstant(m.Revoked)}
		if context := jwkContexts[m.Type]; context != "" {
			jwk := m.Key.JWK()
			method.Type, method.JWK = m.Type, &jwk
			if !slices.Contains(out.Context, context) {
				out.Context = append(out.Context, context)
			}
		} else {
			method.Multibase = m.Key.Multibase()
		}
		out.VerificationMethod = append(out.VerificationMethod, method)
	}
	for _, s := range d.Service {
		endpoints := []any{}
		for _, e := range s.Endpoint {
			if s.Type == DIDCommMessaging {
				endpoints = append(endpoints, endpoint(e))
			} else {
				endpoints = append(endpoints, e.URI)
			}
		}
		entry := service{ID: s.ID, Type: s.Type, Endpoint: endpoints}
		if len(endpoints) == 1 {
			entry.Endpoint = endpoints[0]
		}
		out.Service = append(out.Service, entry)
	}
	return json.Marshal(out)
}
