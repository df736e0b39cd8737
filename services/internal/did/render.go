package did

import "encoding/json"

// MarshalJSON writes the document with its keys as Multikeys, fit to be served
// as did.json (application/did+ld+json).
func (d *Document) MarshalJSON() ([]byte, error) {
	type multikey struct {
		ID         string `json:"id"`
		Type       string `json:"type"`
		Controller string `json:"controller"`
		Multibase  string `json:"publicKeyMultibase"`
	}
	type service struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Endpoint any    `json:"serviceEndpoint"`
	}
	out := struct {
		Context              []string   `json:"@context"`
		ID                   string     `json:"id"`
		VerificationMethod   []multikey `json:"verificationMethod,omitempty"`
		Authentication       []string   `json:"authentication,omitempty"`
		AssertionMethod      []string   `json:"assertionMethod,omitempty"`
		KeyAgreement         []string   `json:"keyAgreement,omitempty"`
		CapabilityInvocation []string   `json:"capabilityInvocation,omitempty"`
		Service              []service  `json:"service,omitempty"`
	}{
		Context:              []string{"https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"},
		ID:                   d.ID,
		Authentication:       d.Authentication,
		AssertionMethod:      d.AssertionMethod,
		KeyAgreement:         d.KeyAgreement,
		CapabilityInvocation: d.CapabilityInvocation,
	}
	for _, m := range d.VerificationMethod {
		out.VerificationMethod = append(out.VerificationMethod, multikey{m.ID, "Multikey", m.Controller, m.Key.Multibase()})
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
