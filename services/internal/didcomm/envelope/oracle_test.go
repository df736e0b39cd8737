package envelope_test

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// request and answer are what scripts/oracles/didcomm.mjs reads and writes.
type request struct {
	Op       string          `json:"op"`
	Message  json.RawMessage `json:"message,omitempty"`
	Envelope string          `json:"envelope,omitempty"`
	DID      string          `json:"did,omitempty"`
	From     string          `json:"from,omitempty"`
	To       string          `json:"to,omitempty"`
	Enc      string          `json:"enc,omitempty"`
	Protect  bool            `json:"protect,omitempty"`
	Secrets  []secret        `json:"secrets,omitempty"`
}

type secret struct {
	ID  string         `json:"id"`
	JWK map[string]any `json:"jwk"`
}

type answer struct {
	Error    string          `json:"error"`
	Envelope string          `json:"envelope"`
	Message  json.RawMessage `json:"message"`
	Metadata struct {
		Encrypted     bool     `json:"encrypted"`
		Authenticated bool     `json:"authenticated"`
		Anonymous     bool     `json:"anonymous_sender"`
		FromKID       string   `json:"encrypted_from_kid"`
		ToKIDs        []string `json:"encrypted_to_kids"`
	} `json:"metadata"`
	Document struct {
		ID             string   `json:"id"`
		Authentication []string `json:"authentication"`
		KeyAgreement   []string `json:"keyAgreement"`
		Methods        []struct {
			ID  string  `json:"id"`
			JWK did.JWK `json:"publicKeyJwk"`
		} `json:"verificationMethod"`
		Service []struct {
			ID       string `json:"id"`
			Type     string `json:"type"`
			Endpoint struct {
				URI    string   `json:"uri"`
				Accept []string `json:"accept"`
			} `json:"serviceEndpoint"`
		} `json:"service"`
	} `json:"document"`
}

func ask(t *testing.T, requests []request) []answer {
	t.Helper()
	var answers []answer
	testkit.Oracle(t, "didcomm.mjs", requests, &answers)
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	for i, a := range answers {
		if a.Error != "" {
			t.Fatalf("request %d (%s): %s", i, requests[i].Op, a.Error)
		}
	}
	return answers
}

// rows keeps keys as a database would.
type rows struct {
	mu   sync.Mutex
	keys map[string][]byte
}

func (r *rows) PutKey(_ context.Context, id string, locked []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[id] == nil {
		r.keys[id] = locked
	}
	return nil
}

func (r *rows) GetKey(_ context.Context, id string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.keys[id] == nil {
		return nil, keystore.ErrNoKey
	}
	return r.keys[id], nil
}

// ours is somebody whose keys are in a key store, as in the services.
type ours struct {
	*keystore.Store
	did  string
	byID map[string]keystore.KeyID
}

func (o *ours) KeyAgreement(_ context.Context, kid string) (string, bool, error) {
	key, ok := o.byID[kid]
	return key, ok, nil
}

func newOurs(t testing.TB, store *keystore.Store, kind keystore.Kind) *ours {
	t.Helper()
	_, signing, err := store.Create(t.Context(), keystore.Ed25519)
	if err != nil {
		t.Fatal(err)
	}
	key, agreement, err := store.Create(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	id, kids, err := did.NewPeer(
		[]did.PeerKey{{Purpose: did.Authentication, Key: signing}, {Purpose: did.KeyAgreement, Key: agreement}},
		did.Endpoint{URI: "https://wallet.example/didcomm?a=b&c", Accept: []string{"didcomm/v2"}})
	if err != nil {
		t.Fatal(err)
	}
	return &ours{store, id, map[string]keystore.KeyID{kids[1]: key}}
}

// theirs is somebody whose keys didcomm-node holds.
type theirs struct {
	did     string
	secrets []secret
}

func newTheirs(t *testing.T, curve ecdh.Curve) theirs {
	t.Helper()
	private, err := curve.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public, err := did.FromECDH(private.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	id, kids, err := did.NewPeer([]did.PeerKey{{Purpose: did.KeyAgreement, Key: public}})
	if err != nil {
		t.Fatal(err)
	}
	j := public.JWK()
	jwk := map[string]any{"kty": j.Kty, "crv": j.Crv, "x": j.X, "d": base64.RawURLEncoding.EncodeToString(private.Bytes())}
	if j.Y != "" {
		jwk["y"] = j.Y
	}
	return theirs{id, []secret{{kids[0], jwk}}}
}

func ping(t testing.TB, from, to string) json.RawMessage {
	t.Helper()
	m := didcomm.Message{
		ID: "ping-1", Type: didcomm.TypePing, From: from, To: []string{to}, CreatedTime: 1700000000,
		Body:        json.RawMessage(`{"response_requested":true}`),
		Attachments: []didcomm.Attachment{didcomm.NewAttachment("a", "application/json", "example", []byte(`{"x":1}`))},
	}
	data, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func forward(t *testing.T, to string) json.RawMessage {
	t.Helper()
	m := didcomm.Message{
		ID: "forward-1", Type: didcomm.TypeForward, To: []string{to}, Body: json.RawMessage(`{"next":"` + to + `"}`),
		Attachments: []didcomm.Attachment{{ID: "x", JSON: json.RawMessage(`{"ciphertext":"x"}`)}},
	}
	data, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var oracleCurves = map[keystore.Kind]ecdh.Curve{keystore.X25519: ecdh.X25519(), keystore.P256: ecdh.P256()}

func newStore(t testing.TB) *keystore.Store {
	t.Helper()
	store, err := keystore.Open(t.Context(), bytes.Repeat([]byte{3}, 32), &rows{keys: map[string][]byte{}})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestDIDCommNodeOpensWhatWeSeal(t *testing.T) {
	store := newStore(t)
	var requests []request
	var checks []func(answer)
	for kind, curve := range oracleCurves {
		us, them := newOurs(t, store, kind), newTheirs(t, curve)
		plaintext := ping(t, us.did, them.did)
		auth, err := envelope.Seal(t.Context(), us, did.Static{}, plaintext, us.did, them.did)
		if err != nil {
			t.Fatal(err)
		}
		requests = append(requests, request{Op: "unpack", Envelope: string(auth), Secrets: them.secrets})
		checks = append(checks, func(a answer) {
			equalJSON(t, a.Message, plaintext)
			if !a.Metadata.Authenticated || a.Metadata.Anonymous || a.Metadata.FromKID != us.did+"#key-2" {
				t.Errorf("%s: %+v", kind, a.Metadata)
			}
		})
		for _, enc := range []string{envelope.XC20P, envelope.A256CBCHS512} {
			protected, err := envelope.SealAnonymous(t.Context(), did.Static{}, auth, them.did, enc)
			if err != nil {
				t.Fatal(err)
			}
			relayed := forward(t, them.did)
			anonymous, err := envelope.SealAnonymous(t.Context(), did.Static{}, relayed, them.did, enc)
			if err != nil {
				t.Fatal(err)
			}
			requests = append(requests,
				request{Op: "unpack", Envelope: string(protected), Secrets: them.secrets},
				request{Op: "unpack", Envelope: string(anonymous), Secrets: them.secrets})
			checks = append(checks, func(a answer) {
				equalJSON(t, a.Message, plaintext)
				if !a.Metadata.Authenticated || !a.Metadata.Anonymous || a.Metadata.FromKID != us.did+"#key-2" {
					t.Errorf("%s %s: %+v", kind, enc, a.Metadata)
				}
			}, func(a answer) {
				equalJSON(t, a.Message, relayed)
				if a.Metadata.Authenticated || !a.Metadata.Anonymous {
					t.Errorf("%s %s: %+v", kind, enc, a.Metadata)
				}
			})
		}
	}
	for i, a := range ask(t, requests) {
		checks[i](a)
	}
}

func TestWeOpenWhatDIDCommNodePacks(t *testing.T) {
	store := newStore(t)
	var requests []request
	var checks []func(answer)
	for kind, curve := range oracleCurves {
		us, them := newOurs(t, store, kind), newTheirs(t, curve)
		plaintext := ping(t, them.did, us.did)
		for _, protect := range []bool{false, true} {
			requests = append(requests, request{
				Op: "pack", Message: plaintext, From: them.did, To: us.did, Protect: protect, Secrets: them.secrets,
			})
			checks = append(checks, func(a answer) {
				got, err := envelope.Receive(t.Context(), us, did.Static{}, []byte(a.Envelope), 1700000000)
				if err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
				equalJSON(t, got.Plaintext, plaintext)
				if got.Sender != them.did || got.RecipientDID != us.did || got.Message.ID != "ping-1" {
					t.Errorf("%s: %+v", kind, got)
				}
			})
		}
		for _, enc := range []string{"A256cbcHs512EcdhEsA256kw", "Xc20pEcdhEsA256kw", "A256gcmEcdhEsA256kw"} {
			relayed := forward(t, us.did)
			requests = append(requests, request{Op: "pack", Message: relayed, To: us.did, Enc: enc})
			checks = append(checks, func(a answer) {
				opened, err := envelope.Open(t.Context(), us, did.Static{}, []byte(a.Envelope))
				if err != nil {
					t.Fatalf("%s %s: %v", kind, enc, err)
				}
				equalJSON(t, opened.Plaintext, relayed)
				if opened.Sender != "" {
					t.Errorf("from %s", opened.Sender)
				}
			})
		}
	}
	for i, a := range ask(t, requests) {
		checks[i](a)
	}
}

func TestPeerAndKeyDIDsResolveAlikeElsewhere(t *testing.T) {
	store := newStore(t)
	var dids []string
	for _, kind := range []keystore.Kind{keystore.X25519, keystore.P256, keystore.P384} {
		us := newOurs(t, store, kind)
		dids = append(dids, us.did)
		doc, err := did.Static{}.Resolve(t.Context(), us.did)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range doc.VerificationMethod {
			id, _ := did.NewKey(m.Key)
			dids = append(dids, id)
		}
	}
	var requests []request
	for _, id := range dids {
		requests = append(requests, request{Op: "resolve", DID: id})
	}
	for i, a := range ask(t, requests) {
		doc, err := did.Static{}.Resolve(t.Context(), dids[i])
		if err != nil {
			t.Fatal(err)
		}
		if a.Document.ID != doc.ID || len(a.Document.Methods) != len(doc.VerificationMethod) {
			t.Fatalf("%+v\nand\n%+v", a.Document, doc)
		}
		if !same(a.Document.Authentication, doc.Authentication) || !same(a.Document.KeyAgreement, doc.KeyAgreement) {
			t.Errorf("%+v\nand\n%+v", a.Document, doc)
		}
		for j, m := range a.Document.Methods {
			if ours := doc.VerificationMethod[j]; m.ID != ours.ID || m.JWK != ours.Key.JWK() {
				t.Errorf("%+v and %+v", m, ours)
			}
		}
		for j, s := range a.Document.Service {
			ours := doc.Service[j]
			if s.ID != ours.ID || s.Type != ours.Type || s.Endpoint.URI != ours.Endpoint[0].URI || !same(s.Endpoint.Accept, ours.Endpoint[0].Accept) {
				t.Errorf("%+v and %+v", s, ours)
			}
		}
	}
}

func same(a, b []string) bool { return len(a) == len(b) && (len(a) == 0 || reflect.DeepEqual(a, b)) }

func equalJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}
