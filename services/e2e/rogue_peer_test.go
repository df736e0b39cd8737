package e2e

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/status"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
)

// The rogue's host and organisation, which nobody has accredited.
const (
	rogueHost = "rogue." + devsetup.Domain
	rogueDID  = "did:web:" + rogueHost
	rogueURL  = "https://" + rogueHost
)

// rogue is a peer in the test's hand: it speaks the protocols with keys, a
// did:web and a host of its own, and says whatever a test wants it to say. It
// is its envelopes' Keys and its credentials' Signer.
type rogue struct {
	*stack
	keys     *keystore.Store
	resolver *resolver.Resolver
	address  string

	mu    sync.Mutex // guards what follows
	kids  map[string]keystore.KeyID
	pages map[string][]byte   // its did.json and status lists, by path
	taken []envelope.Received // what it was sent
	n     int
}

// newRogueStack starts services that know the rogue's host.
func newRogueStack(s *stack, services ...string) *rogue {
	s.t.Helper()
	r := newRogue(s)
	for _, name := range services {
		r.introduce(name)
		s.start(name)
	}
	for _, name := range services {
		s.ready(name)
	}
	return r
}

// introduce tells a service that has not been started where the rogue is.
func (r *rogue) introduce(service string) {
	r.t.Helper()
	path := r.layout.Services[service].ConfigFile
	content, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	named := strings.Replace(string(content), "\nnames:\n", "\nnames:\n    "+rogueHost+": "+r.address+"\n", 1)
	if err := os.WriteFile(path, []byte(named), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func newRogue(s *stack) *rogue {
	s.t.Helper()
	r := &rogue{stack: s, kids: map[string]keystore.KeyID{}, pages: map[string][]byte{}}
	var err error
	if r.keys, err = keystore.Open(s.t.Context(), make([]byte, keystore.MasterKeySize), &memoryRows{rows: map[string][]byte{}}); err != nil {
		s.t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(r.serve))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{s.certify(rogueHost)}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	s.t.Cleanup(server.Close)
	r.address = server.Listener.Addr().String()
	names := maps.Clone(s.layout.Names)
	names[rogueHost] = r.address
	get := fetch.New(fetch.Config{CA: s.authorities, Names: names, AllowPrivate: true})
	s.t.Cleanup(get.Close)
	r.resolver = &resolver.Resolver{Get: get, Cache: cache.NewMemory(clock.System{}, 0, 0)}
	r.found()
	return r
}

// memoryRows keeps keys for as long as the test runs.
type memoryRows struct {
	mu   sync.Mutex // guards rows
	rows map[string][]byte
}

func (m *memoryRows) PutKey(_ context.Context, id string, locked []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[id] = locked
	return nil
}

func (m *memoryRows) GetKey(_ context.Context, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if locked, ok := m.rows[id]; ok {
		return locked, nil
	}
	return nil, keystore.ErrNoKey
}

// certify makes a certificate for a host by the development authority.
func (s *stack) certify(host string) tls.Certificate {
	s.t.Helper()
	authority, err := tls.LoadX509KeyPair(s.layout.CAFile, filepath.Join(filepath.Dir(s.layout.CAFile), "ca-key.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority.Leaf, &key.PublicKey, authority.PrivateKey)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	if err != nil {
		s.t.Fatal(err)
	}
	return pair
}

// serve is the rogue's host: its DID document, its status lists, its agent.
// What it does not have, it is too busy for.
func (r *rogue) serve(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path == "/didcomm" {
		r.receive(w, request)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	content, found := r.pages[request.URL.Path]
	if !found {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write(content)
}

func (r *rogue) receive(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, envelope.MaxEnvelope))
	if err != nil {
		return
	}
	got, err := envelope.Receive(request.Context(), r, r.resolver, body, time.Now().Unix())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken = append(r.taken, got)
	w.WriteHeader(http.StatusAccepted)
}

// KeyAgreement implements envelope.Keys.
func (r *rogue) KeyAgreement(_ context.Context, kid string) (string, bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id, ok := r.kids[kid]
	return id, ok, nil
}

// Wrap implements envelope.Keys.
func (r *rogue) Wrap(ctx context.Context, key string, p envelope.WrapParams) ([]byte, error) {
	return r.keys.Wrap(ctx, key, p)
}

// Unwrap implements envelope.Keys.
func (r *rogue) Unwrap(ctx context.Context, key string, p envelope.UnwrapParams) ([]byte, error) {
	return r.keys.Unwrap(ctx, key, p)
}

// Sign implements credential.Signer.
func (r *rogue) Sign(ctx context.Context, kid string, data []byte) ([]byte, error) {
	id, ok, _ := r.KeyAgreement(ctx, kid)
	if !ok {
		return nil, fmt.Errorf("the rogue has no key %s", kid)
	}
	return r.keys.Sign(ctx, id, data)
}

// create makes a key; it is nobody's until it is kept under a key id.
func (r *rogue) create(kind keystore.Kind) (keystore.KeyID, did.PublicKey) {
	r.t.Helper()
	id, key, err := r.keys.Create(r.t.Context(), kind)
	if err != nil {
		r.t.Fatal(err)
	}
	return id, key
}

func (r *rogue) keep(kid string, id keystore.KeyID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kids[kid] = id
}

// rogueKey is what the rogue signs with.
var rogueKey = credential.Key{ID: rogueDID + "#assertion-1", Curve: did.Ed25519}

// found makes the rogue's did:web.
func (r *rogue) found() {
	r.t.Helper()
	asserting, assertingKey := r.create(keystore.Ed25519)
	agreeing, agreeingKey := r.create(keystore.X25519)
	r.keep(rogueKey.ID, asserting)
	r.keep(rogueDID+"#agreement-1", agreeing)
	document, err := json.Marshal(&did.Document{
		ID: rogueDID,
		VerificationMethod: []did.VerificationMethod{
			{ID: rogueKey.ID, Type: "Multikey", Controller: rogueDID, Key: assertingKey},
			{ID: rogueDID + "#agreement-1", Type: "Multikey", Controller: rogueDID, Key: agreeingKey},
		},
		Authentication: []string{rogueKey.ID}, AssertionMethod: []string{rogueKey.ID},
		KeyAgreement: []string{rogueDID + "#agreement-1"},
		Service: []did.Service{{
			ID: rogueDID + "#didcomm", Type: did.DIDCommMessaging,
			Endpoint: []did.Endpoint{{URI: rogueURL + "/didcomm", Accept: []string{"didcomm/v2"}}},
		}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.pages["/.well-known/did.json"] = document
}

// newPeer makes a did:peer:2 with a key agreement key of each kind, and gives
// the ids of those.
func (r *rogue) newPeer(kinds ...keystore.Kind) (name string, agreement []string) {
	r.t.Helper()
	_, signing := r.create(keystore.Ed25519)
	keys, ids := []did.PeerKey{{Purpose: did.Authentication, Key: signing}}, []keystore.KeyID{}
	for _, kind := range kinds {
		id, key := r.create(kind)
		keys, ids = append(keys, did.PeerKey{Purpose: did.KeyAgreement, Key: key}), append(ids, id)
	}
	name, kids, err := did.NewPeer(keys, did.Endpoint{URI: rogueURL + "/didcomm", Accept: []string{"didcomm/v2"}})
	if err != nil {
		r.t.Fatal(err)
	}
	for i, id := range ids {
		r.keep(kids[i+1], id)
	}
	return name, kids[1:]
}

// newHolder makes a did:key that a credential can be bound to.
func (r *rogue) newHolder() string {
	r.t.Helper()
	id, key := r.create(keystore.Ed25519)
	name, kid := did.NewKey(key)
	r.keep(kid, id)
	return name
}

// id makes a message id of the rogue's own.
func (r *rogue) id() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	return fmt.Sprintf("rogue-%d", r.n)
}

// seal authcrypts a message from one of the rogue's DIDs.
func (r *rogue) seal(m didcomm.Message, from, to string) []byte {
	r.t.Helper()
	if m.ID == "" {
		m.ID = r.id()
	}
	if m.From == "" {
		m.From, m.To = from, []string{to}
	}
	plain, err := m.Render()
	if err != nil {
		r.t.Fatal(err)
	}
	sealed, err := envelope.Seal(r.t.Context(), r, r.resolver, plain, from, to)
	if err != nil {
		r.t.Fatal(err)
	}
	return sealed
}

// post brings an envelope to a service.
func (r *rogue) post(service string, sealed []byte) answer {
	r.t.Helper()
	return r.ask(service, http.MethodPost, "/didcomm", http.Header{"Content-Type": {didcomm.EncryptedMediaType}}, bytes.NewReader(sealed))
}

// send says something that the service must at least take.
func (r *rogue) send(service string, m didcomm.Message, from, to string) {
	r.t.Helper()
	if a := r.post(service, r.seal(m, from, to)); a.status != http.StatusAccepted {
		r.fail("%s does not take %s: %d %s", service, m.Type, a.status, a.body)
	}
}

// await waits for what comes to one of the rogue's DIDs in a thread, or about
// it, after the first skip messages of the type.
func (r *rogue) await(to, thread string, skip int, kinds ...string) *didcomm.Message {
	r.t.Helper()
	var found *didcomm.Message
	r.until("the rogue gets "+strings.Join(kinds, " or "), func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		seen := 0
		for _, got := range r.taken {
			m := got.Message
			for _, kind := range kinds {
				if m.Type == kind && got.RecipientDID == to && (m.Thread() == thread || m.Pthid == thread) {
					if seen++; seen > skip {
						found = m
						return true
					}
				}
			}
		}
		return false
	})
	return found
}

// object writes a message's body or attachment.
func object(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}

// publish puts a status list of the rogue's on its host, with the entry that a
// credential can name; set is its bit.
func (r *rogue) publish(path string, set bool) status.Entry {
	r.t.Helper()
	bits, err := status.NewBitstring(status.MinEntries)
	if err != nil {
		r.t.Fatal(err)
	}
	entry := status.Entry{List: rogueURL + path, Index: 5, Purpose: status.Revocation}
	if err := bits.Set(entry.Index, set); err != nil {
		r.t.Fatal(err)
	}
	now := time.Now()
	list := status.List{ID: entry.List, Issuer: rogueDID, Purposes: []status.Purpose{status.Revocation}, ValidFrom: now.Add(-time.Minute), ValidUntil: now.Add(time.Hour), Bits: bits}
	body, err := credential.Issue(r.t.Context(), r, list.Document(), credential.Securing{Key: rogueKey, Created: now})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pages[path] = body
	return entry
}

// unpublish takes a status list away: its host answers 503.
func (r *rogue) unpublish(path string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.pages, path)
}
