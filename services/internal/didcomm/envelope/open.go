package envelope

import (
	"context"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Opened is what an envelope held, and who it is from and for.
type Opened struct {
	Plaintext    []byte
	Sender       string // DID of the sender; "" for nobody, then Plaintext is a forward
	SenderKID    string
	RecipientDID string // ours
	RecipientKID string
}

// Open opens an envelope that is for one of our keys. An anonymous envelope
// opens only around an authenticated one, which is then opened in its place,
// or around a forward.
//
// Errors are faults: Invalid with rule "envelope...." for an envelope that is
// to be dropped and attributed to nobody; NotFound with rule
// "envelope.recipient" when none of the keys is ours; what the resolver says
// (Unavailable, so that a retry helps) when the sender does not resolve.
func Open(ctx context.Context, keys Keys, resolver did.Resolver, data []byte) (Opened, error) {
	outer, err := decrypt(ctx, keys, resolver, data)
	if err != nil || outer.Sender != "" {
		return outer, err
	}
	if !isEnvelope(outer.Plaintext) {
		if m, err := didcomm.Parse(outer.Plaintext); err != nil || m.Type != didcomm.TypeForward {
			return Opened{}, bad("anonymous", "an anonymous envelope holds neither a forward nor an authenticated envelope")
		}
		return outer, nil
	}
	inner, err := decrypt(ctx, keys, resolver, outer.Plaintext)
	if err != nil {
		return Opened{}, err
	}
	if inner.Sender == "" {
		return Opened{}, bad("anonymous", "an anonymous envelope within another")
	}
	return inner, nil
}

// isEnvelope tells an envelope from a message; parse checks it.
func isEnvelope(data []byte) bool {
	object, err := strictjson.ReadObject(data, strictjson.Limits{Bytes: MaxEnvelope})
	return err == nil && object.Get("ciphertext").Any() != nil && object.Get("protected").Any() != nil
}

// decrypt opens one layer.
func decrypt(ctx context.Context, keys Keys, resolver did.Resolver, data []byte) (Opened, error) {
	e, err := parse(data)
	if err != nil {
		return Opened{}, err
	}
	// Nobody makes us resolve anything with an envelope that is not for us.
	ours, key, err := e.ours(ctx, keys)
	if err != nil {
		return Opened{}, err
	}
	params := UnwrapParams{EncryptedKey: ours.encryptedKey, Ephemeral: e.ephemeral, APU: e.apu, APV: e.apv}
	opened := Opened{RecipientKID: ours.kid}
	if opened.RecipientDID, _, err = did.Split(ours.kid); err != nil {
		return Opened{}, err
	}
	if e.header.Alg == algAuth {
		opened.SenderKID = e.header.SKID
		if opened.Sender, params.Sender, err = e.sender(ctx, resolver); err != nil {
			return Opened{}, err
		}
		params.Tag = e.tag
	}
	cek, err := keys.Unwrap(ctx, key, params)
	if err != nil {
		return Opened{}, fmt.Errorf("unwrap content key: %w", err)
	}
	if opened.Plaintext, err = e.enc.open(cek, e.iv, e.ciphertext, e.tag, e.aad); err != nil {
		return Opened{}, err
	}
	return opened, nil
}

// ours finds the first recipient whose key we hold.
func (e *sealed) ours(ctx context.Context, keys Keys) (recipient, string, error) {
	for _, r := range e.recipients {
		key, ok, err := keys.KeyAgreement(ctx, r.kid)
		if err != nil {
			return recipient{}, "", fmt.Errorf("find recipient's key: %w", err)
		}
		if ok {
			return r, key, nil
		}
	}
	return recipient{}, "", fault.New(fault.NotFound, "envelope.recipient", "the envelope is for none of our keys")
}

// sender finds the key behind skid in its DID's document, where it must serve
// for key agreement.
func (e *sealed) sender(ctx context.Context, resolver did.Resolver) (string, did.PublicKey, error) {
	sender, _, err := did.Split(e.header.SKID)
	if err != nil {
		return "", did.PublicKey{}, err
	}
	doc, err := resolver.Resolve(ctx, sender)
	if err != nil {
		return "", did.PublicKey{}, fmt.Errorf("resolve sender: %w", err)
	}
	if doc.ID != sender {
		return "", did.PublicKey{}, bad("sender", "the sender resolves to another")
	}
	key, ok := doc.Key(e.header.SKID, did.KeyAgreement)
	if !ok {
		return "", did.PublicKey{}, bad("sender-key", "the sender has no such key agreement key")
	}
	if key.Curve() != e.ephemeral.Curve() {
		return "", did.PublicKey{}, bad("epk", "epk lies on another curve than the sender's key")
	}
	return sender, key, nil
}
