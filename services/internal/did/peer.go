package did

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const (
	peerPrefix      = "did:peer:2"
	maxPeerElements = 32
)

// peerPurposes are the purpose codes of did:peer:2.
var peerPurposes = map[byte]Purpose{
	'A': AssertionMethod,
	'E': KeyAgreement,
	'V': Authentication,
	'I': CapabilityInvocation,
	'D': CapabilityDelegation,
}

// PeerKey is a key of a peer DID and what it is for.
type PeerKey struct {
	Purpose Purpose
	Key     PublicKey
}

// NewPeer makes the did:peer:2 of the keys, in their order, and of its DIDComm
// endpoints (Peer DID Method 1.0, "Generating a did:peer:2"). keyIDs are the
// absolute ids of the keys: #key-1 is the first.
func NewPeer(keys []PeerKey, endpoints ...Endpoint) (did string, keyIDs []string, err error) {
	if n := len(keys) + len(endpoints); n == 0 || n > maxPeerElements {
		return "", nil, fault.New(fault.Invalid, "did.peer", "a peer DID has 1 to %d keys and services", maxPeerElements)
	}
	var b strings.Builder
	b.WriteString(peerPrefix)
	for _, k := range keys {
		code, ok := peerCode(k.Purpose)
		if !ok || k.Key.IsZero() {
			return "", nil, fault.New(fault.Invalid, "did.peer", "a key without a purpose, or none at all")
		}
		fmt.Fprintf(&b, ".%c%s", code, k.Key.Multibase())
	}
	for _, e := range endpoints {
		var block bytes.Buffer
		enc := json.NewEncoder(&block)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(peerService{Type: "dm", Endpoint: peerEndpoint(e)}); err != nil {
			return "", nil, fmt.Errorf("encode peer service: %w", err)
		}
		b.WriteString(".S" + base64url.Encode(bytes.TrimSpace(block.Bytes())))
	}
	did = b.String()
	if len(did) > maxDID {
		return "", nil, fault.New(fault.Invalid, "did.peer", "a peer DID of more than %d bytes", maxDID)
	}
	for i := range keys {
		keyIDs = append(keyIDs, fmt.Sprintf("%s#key-%d", did, i+1))
	}
	return did, keyIDs, nil
}

func peerCode(p Purpose) (byte, bool) {
	for code, purpose := range peerPurposes {
		if purpose == p {
			return code, true
		}
	}
	return 0, false
}

// peerService is a service with the names abbreviated as the method says.
type peerService struct {
	Type     string       `json:"t"`
	Endpoint peerEndpoint `json:"s"`
}

type peerEndpoint struct {
	URI         string   `json:"uri"`
	Accept      []string `json:"a,omitempty"`
	RoutingKeys []string `json:"r,omitempty"`
}

// resolvePeer makes the document of a did:peer:2.
func resolvePeer(did string) (*Document, error) {
	rest, ok := strings.CutPrefix(did, peerPrefix+".")
	if !ok || len(did) > maxDID {
		return nil, fault.New(fault.Invalid, "did.peer", "not a did:peer:2")
	}
	elements := strings.Split(rest, ".")
	if len(elements) > maxPeerElements {
		return nil, fault.New(fault.Invalid, "did.peer", "more than %d keys and services", maxPeerElements)
	}
	doc := &Document{ID: did}
	for _, element := range elements {
		if element == "" {
			return nil, fault.New(fault.Invalid, "did.peer", "an empty element")
		}
		var err error
		if code, value := element[0], element[1:]; code == 'S' {
			err = doc.addPeerService(value)
		} else {
			err = doc.addPeerKey(code, value)
		}
		if err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func (d *Document) addPeerKey(code byte, multibase string) error {
	purpose, ok := peerPurposes[code]
	if !ok {
		return fault.New(fault.Invalid, "did.peer", "an unknown purpose code")
	}
	key, err := ParseMultibase(multibase)
	if err != nil {
		return err
	}
	id := fmt.Sprintf("%s#key-%d", d.ID, len(d.VerificationMethod)+1)
	d.VerificationMethod = append(d.VerificationMethod,
		VerificationMethod{ID: id, Type: "Multikey", Controller: d.ID, Key: key})
	if suits(key.Curve(), purpose) {
		list := d.relationship(purpose)
		*list = append(*list, id)
	}
	return nil
}

// suits reports whether keys on the curve can serve the purpose at all.
func suits(c Curve, p Purpose) bool {
	if p == KeyAgreement {
		return c.Agrees()
	}
	return c.Signs()
}

// addPeerService reads a service block, its names abbreviated or in full.
func (d *Document) addPeerService(block string) error {
	data, err := base64url.Decode(block)
	if err != nil {
		return fault.New(fault.Invalid, "did.peer", "a service that is not base64url")
	}
	members, err := lengthened(data)
	if err != nil {
		return err
	}
	var in struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		// Peer DIDs made before 2023 hold accept and routingKeys beside the
		// endpoint's URI, not in an object with it.
		Accept      []string        `json:"accept"`
		RoutingKeys []string        `json:"routingKeys"`
		Endpoint    json.RawMessage `json:"serviceEndpoint"`
	}
	if err := strictjson.UnmarshalOpen(members, &in, limits); err != nil {
		return err
	}
	s := Service{ID: d.ID + "#service", Type: in.Type}
	if n := len(d.Service); n > 0 {
		s.ID = fmt.Sprintf("%s#service-%d", d.ID, n)
	}
	if in.ID != "" {
		if s.ID, err = absolute(d.ID, in.ID); err != nil {
			return err
		}
		if !strings.HasPrefix(s.ID, d.ID+"#") {
			return fault.New(fault.Invalid, "did.peer", "a service id that is not relative")
		}
	}
	if s.Type == "dm" {
		s.Type = DIDCommMessaging
	}
	if s.Endpoint, err = parseEndpoints(in.Endpoint); err != nil {
		return err
	}
	if len(s.Endpoint) == 1 && len(in.Accept)+len(in.RoutingKeys) > 0 {
		s.Endpoint[0].Accept, s.Endpoint[0].RoutingKeys = in.Accept, in.RoutingKeys
	}
	d.Service = append(d.Service, s)
	return nil
}

// lengthened writes a service block with every abbreviated member name in
// full, at every level.
func lengthened(data []byte) ([]byte, error) {
	tree, err := strictjson.DecodeObject(data, limits)
	if err != nil {
		return nil, err
	}
	full, err := lengthen(tree)
	if err != nil {
		return nil, err
	}
	return json.Marshal(full)
}

func lengthen(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			var err error
			if v[i], err = lengthen(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		out := map[string]any{}
		for name, value := range v {
			if full, ok := peerNames[name]; ok {
				name = full
			} else if _, ok := peerNames[strings.ToLower(name)]; ok {
				return nil, fault.New(fault.Invalid, "did.peer", "a service names a member in another case")
			}
			if _, twice := out[name]; twice {
				return nil, fault.New(fault.Invalid, "did.peer", "a service names a member twice")
			}
			var err error
			if out[name], err = lengthen(value); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// peerNames are the names that a peer service abbreviates.
var peerNames = map[string]string{"t": "type", "s": "serviceEndpoint", "r": "routingKeys", "a": "accept"}
