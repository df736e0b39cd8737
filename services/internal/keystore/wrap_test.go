package keystore

import (
	"bytes"
	"crypto/ecdh"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
)

var ecdhCurves = map[Kind]ecdh.Curve{X25519: ecdh.X25519(), P256: ecdh.P256(), P384: ecdh.P384(), P521: ecdh.P521()}

func created(t *testing.T, s *Store, kind Kind) (KeyID, did.PublicKey) {
	t.Helper()
	id, public, err := s.Create(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	return id, public
}

func wrapped(t *testing.T, s *Store, kind Kind) (recipient KeyID, p envelope.UnwrapParams, cek []byte) {
	t.Helper()
	sender, senderPublic := created(t, s, kind)
	recipient, public := created(t, s, kind)
	ephemeral, err := ecdhCurves[kind].GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	epk, err := did.FromECDH(ephemeral.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	cek = bytes.Repeat([]byte{7}, 64)
	w := envelope.WrapParams{
		CEK: cek, Recipient: public, Ephemeral: ephemeral, APU: []byte("did:example:a#1"), APV: []byte("v"), Tag: make([]byte, 32),
	}
	encrypted, err := s.Wrap(t.Context(), sender, w)
	if err != nil {
		t.Fatal(err)
	}
	return recipient, envelope.UnwrapParams{
		EncryptedKey: encrypted, Ephemeral: epk, Sender: senderPublic, APU: w.APU, APV: w.APV, Tag: w.Tag,
	}, cek
}

func TestWrappedKeysUnwrapOnEveryCurve(t *testing.T) {
	s := open(t, newMemoryRows())
	for kind := range ecdhCurves {
		recipient, p, cek := wrapped(t, s, kind)
		got, err := s.Unwrap(t.Context(), recipient, p)
		if err != nil || !bytes.Equal(got, cek) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestEveryInputOfTheKeyDerivationCounts(t *testing.T) {
	s := open(t, newMemoryRows())
	recipient, p, _ := wrapped(t, s, X25519)
	_, stranger, err := s.Create(t.Context(), X25519)
	if err != nil {
		t.Fatal(err)
	}
	for name, alter := range map[string]func(*envelope.UnwrapParams){
		"apu":       func(p *envelope.UnwrapParams) { p.APU = []byte("did:example:b#1") },
		"apv":       func(p *envelope.UnwrapParams) { p.APV = []byte("w") },
		"tag":       func(p *envelope.UnwrapParams) { p.Tag = bytes.Repeat([]byte{1}, 32) },
		"sender":    func(p *envelope.UnwrapParams) { p.Sender = stranger },
		"no sender": func(p *envelope.UnwrapParams) { p.Sender = did.PublicKey{} },
		"epk":       func(p *envelope.UnwrapParams) { p.Ephemeral = stranger },
		"short":     func(p *envelope.UnwrapParams) { p.EncryptedKey = p.EncryptedKey[:8] },
		"empty":     func(p *envelope.UnwrapParams) { p.EncryptedKey = nil },
	} {
		altered := p
		alter(&altered)
		if _, err := s.Unwrap(t.Context(), recipient, altered); err == nil {
			t.Errorf("%s: unwraps all the same", name)
		}
	}
}

func TestKeysOfAnotherCurveOrUseAreRefused(t *testing.T) {
	s := open(t, newMemoryRows())
	recipient, p, _ := wrapped(t, s, P256)
	for _, kind := range []Kind{Ed25519, ES256, X25519, P384, P521} {
		id, public, err := s.Create(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		if public.Curve() != did.P256 {
			altered := p
			altered.Ephemeral = public
			_, err = s.Unwrap(t.Context(), recipient, altered)
			wantRule(t, err, "keystore.curve")
			altered = p
			altered.Sender = public
			_, err = s.Unwrap(t.Context(), recipient, altered)
			wantRule(t, err, "keystore.curve")
		}
		if _, err := s.Unwrap(t.Context(), id, p); err == nil {
			t.Errorf("a %s key unwraps for P-256", kind)
		}
		if !kinds[kind].signs {
			_, err := s.Sign(t.Context(), id, nil)
			wantRule(t, err, "keystore.use")
		}
	}
	altered := p
	altered.Ephemeral = did.PublicKey{}
	_, err := s.Unwrap(t.Context(), recipient, altered)
	wantRule(t, err, "keystore.curve")
	_, err = s.Wrap(t.Context(), recipient, envelope.WrapParams{CEK: make([]byte, 32)})
	wantRule(t, err, "keystore.wrap")
}
