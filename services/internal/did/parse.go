package did

import (
	"encoding/json"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Limits of a document.
const (
	MaxDocument = 64 << 10 // bytes
	MaxMethods  = 128      // verification methods: keys that were retired stay
	maxServices = 32
)

var limits = strictjson.Limits{Bytes: MaxDocument, Depth: 16}

// ParseFor reads the DID document of did, at most MaxDocument bytes of JSON. A
// document with another id is refused. Verification methods that this package
// cannot use (unknown key forms, methods of other DIDs or with another
// controller) are left out; a known form with a bad key in it spoils the
// document.
func ParseFor(did string, data []byte) (*Document, error) {
	doc, err := Parse(data)
	if err != nil {
		return nil, err
	}
	if doc.ID != did {
		return nil, fault.New(fault.Invalid, "did.document-id", "the document belongs to another DID")
	}
	return doc, nil
}

// Parse is ParseFor for a document whose DID is taken from the document
// itself: the caller must know where it came from.
func Parse(data []byte) (*Document, error) {
	if len(data) > MaxDocument {
		return nil, fault.New(fault.Invalid, "did.document-size", "a DID document of more than %d bytes", MaxDocument)
	}
	var in struct {
		ID                   string            `json:"id"`
		VerificationMethod   []json.RawMessage `json:"verificationMethod"`
		Authentication       []json.RawMessage `json:"authentication"`
		AssertionMethod      []json.RawMessage `json:"assertionMethod"`
		KeyAgreement         []json.RawMessage `json:"keyAgreement"`
		CapabilityInvocation []json.RawMessage `json:"capabilityInvocation"`
		CapabilityDelegation []json.RawMessage `json:"capabilityDelegation"`
		Service              []json.RawMessage `json:"service"`
	}
	if err := strictjson.UnmarshalOpen(data, &in, limits); err != nil {
		return nil, err
	}
	if err := Check(in.ID); err != nil {
		return nil, err
	}
	if len(in.VerificationMethod) > MaxMethods || len(in.Service) > maxServices {
		return nil, badDocument("too many keys or services")
	}
	doc := &Document{ID: in.ID}
	for _, m := range in.VerificationMethod {
		if err := doc.addMethod(m); err != nil {
			return nil, err
		}
	}
	for _, r := range []struct {
		purpose Purpose
		entries []json.RawMessage
	}{
		{Authentication, in.Authentication},
		{AssertionMethod, in.AssertionMethod},
		{KeyAgreement, in.KeyAgreement},
		{CapabilityInvocation, in.CapabilityInvocation},
		{CapabilityDelegation, in.CapabilityDelegation},
	} {
		if len(r.entries) > MaxMethods {
			return nil, badDocument("too many keys")
		}
		for _, e := range r.entries {
			if err := doc.addRelationship(r.purpose, e); err != nil {
				return nil, err
			}
		}
	}
	doc.keepSuitable()
	for _, s := range in.Service {
		if err := doc.addService(s); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func badDocument(what string) error {
	return fault.New(fault.Invalid, "did.document", "not a DID document: %s", what)
}

// method is a verification method as it is written.
type method struct {
	ID         string          `json:"id"`
	Type       string          `json:"type"`
	Controller string          `json:"controller"`
	Multibase  string          `json:"publicKeyMultibase"`
	JWK        json.RawMessage `json:"publicKeyJwk"`
	Expires    *string         `json:"expires"`
	Revoked    *string         `json:"revoked"`
}

func (d *Document) addMethod(raw []byte) error {
	var in method
	if err := strictjson.UnmarshalOpen(raw, &in, limits); err != nil {
		return err
	}
	id, err := absolute(d.ID, in.ID)
	if err != nil {
		return err
	}
	for _, other := range d.VerificationMethod {
		if other.ID == id {
			return badDocument("two verification methods with one id")
		}
	}
	if in.Controller != d.ID || !strings.HasPrefix(id, d.ID+"#") {
		return nil
	}
	key, err := in.key()
	if err != nil || key.IsZero() {
		return err
	}
	out := VerificationMethod{ID: id, Type: in.Type, Controller: in.Controller, Key: key}
	if out.Expires, err = parseInstant(in.Expires); err != nil {
		return err
	}
	if out.Revoked, err = parseInstant(in.Revoked); err != nil {
		return err
	}
	d.VerificationMethod = append(d.VerificationMethod, out)
	return nil
}

// addRelationship takes a reference or an embedded verification method.
func (d *Document) addRelationship(p Purpose, raw []byte) error {
	list := d.relationship(p)
	if raw[0] != '"' {
		before := len(d.VerificationMethod)
		if err := d.addMethod(raw); err != nil {
			return err
		}
		if len(d.VerificationMethod) > before {
			*list = append(*list, d.VerificationMethod[before].ID)
		}
		return nil
	}
	var reference string
	if err := json.Unmarshal(raw, &reference); err != nil {
		return badDocument("a reference that is not text")
	}
	id, err := absolute(d.ID, reference)
	if err != nil {
		return err
	}
	*list = append(*list, id)
	return nil
}

// keepSuitable drops references to what is not in the document, and keys that
// cannot serve the purpose they are listed for. It runs when all methods are
// read: a relationship may refer to a method embedded in another.
func (d *Document) keepSuitable() {
	for _, p := range purposes {
		var ids []string
		for _, m := range d.KeysFor(p) {
			if suits(m.Key.Curve(), p) {
				ids = append(ids, m.ID)
			}
		}
		*d.relationship(p) = ids
	}
}

// key reads the key of a verification method. A form that is not known gives
// no key and no error.
func (m method) key() (PublicKey, error) {
	switch {
	case m.Multibase != "" && m.JWK != nil:
		return PublicKey{}, badDocument("two keys in one verification method")
	case m.JWK != nil && jwkContexts[m.Type] != "":
		key, _, err := parseJWK(m.JWK)
		return key, err
	case m.Type == "Multikey" || m.Type == "Ed25519VerificationKey2020" || m.Type == "X25519KeyAgreementKey2020":
		if !knownMultibase(m.Multibase) {
			return PublicKey{}, nil
		}
		key, err := ParseMultibase(m.Multibase)
		if err != nil {
			return PublicKey{}, err
		}
		if want, ok := suiteCurves[m.Type]; ok && key.Curve() != want {
			return PublicKey{}, badDocument("a key of another curve than its type says")
		}
		return key, nil
	}
	return PublicKey{}, nil
}

var suiteCurves = map[string]Curve{"Ed25519VerificationKey2020": Ed25519, "X25519KeyAgreementKey2020": X25519}

// knownMultibase tells Multikeys of this package's curves from others
// (secp256k1, BLS) by the letters that the multicodec prefix always yields.
func knownMultibase(s string) bool {
	for _, prefix := range []string{"z6Mk", "z6LS", "zDn", "z82", "z2J9"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

func (d *Document) addService(raw []byte) error {
	var in struct {
		ID       string          `json:"id"`
		Type     json.RawMessage `json:"type"`
		Endpoint json.RawMessage `json:"serviceEndpoint"`
	}
	if err := strictjson.UnmarshalOpen(raw, &in, limits); err != nil {
		return err
	}
	s := Service{ID: in.ID}
	if strings.HasPrefix(s.ID, "#") {
		s.ID = d.ID + s.ID
	}
	if json.Unmarshal(in.Type, &s.Type) != nil {
		return nil // a service of several types is none that we use
	}
	var err error
	if s.Endpoint, err = parseEndpoints(in.Endpoint); err != nil {
		return err
	}
	d.Service = append(d.Service, s)
	return nil
}

// parseEndpoints reads a serviceEndpoint: text, an object, or a list of
// either.
func parseEndpoints(raw []byte) ([]Endpoint, error) {
	if len(raw) == 0 {
		return nil, badDocument("a service without endpoint")
	}
	entries := []json.RawMessage{raw}
	if raw[0] == '[' {
		if err := json.Unmarshal(raw, &entries); err != nil || len(entries) > maxServices {
			return nil, badDocument("too many endpoints")
		}
	}
	var out []Endpoint
	for _, entry := range entries {
		var e Endpoint
		if entry[0] == '"' {
			if err := json.Unmarshal(entry, &e.URI); err != nil {
				return nil, badDocument("an endpoint that is not text")
			}
		} else {
			var in endpoint
			if err := strictjson.UnmarshalOpen(entry, &in, limits); err != nil {
				return nil, err
			}
			e = Endpoint(in)
		}
		out = append(out, e)
	}
	return out, nil
}

// endpoint is a DIDCommMessaging endpoint as it is written.
type endpoint struct {
	URI         string   `json:"uri"`
	Accept      []string `json:"accept,omitempty"`
	RoutingKeys []string `json:"routingKeys,omitempty"`
}

// absolute makes an id within the document absolute.
func absolute(did, id string) (string, error) {
	if strings.HasPrefix(id, "#") {
		id = did + id
	}
	if _, _, err := Split(id); err != nil {
		return "", err
	}
	return id, nil
}
