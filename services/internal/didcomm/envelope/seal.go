package envelope

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// curves are the curves that we send on.
var curves = map[did.Curve]ecdh.Curve{did.X25519: ecdh.X25519(), did.P256: ecdh.P256(), did.P384: ecdh.P384()}

// Seal encrypts plaintext from one DID to another so that the recipient knows
// the sender: ECDH-1PU+A256KW with A256CBC-HS512. Of the recipient's key
// agreement keys it takes the first for which the sender has one of ours on
// the same curve, and with it all others on that curve.
//
// It fails with rule "envelope.no-common-curve" when there is none, and with
// the resolver's fault when either DID does not resolve.
func Seal(ctx context.Context, keys Keys, resolver did.Resolver, plaintext []byte, from, to string) ([]byte, error) {
	sender, err := resolve(ctx, resolver, from)
	if err != nil {
		return nil, err
	}
	recipient, err := resolve(ctx, resolver, to)
	if err != nil {
		return nil, err
	}
	for _, theirs := range recipient.KeysFor(did.KeyAgreement) {
		for _, mine := range sender.KeysFor(did.KeyAgreement) {
			if mine.Key.Curve() != theirs.Key.Curve() || curves[mine.Key.Curve()] == nil {
				continue
			}
			key, ok, err := keys.KeyAgreement(ctx, mine.ID)
			if err != nil {
				return nil, fmt.Errorf("find sender's key: %w", err)
			}
			if !ok {
				continue
			}
			h := header{Alg: algAuth, Enc: A256CBCHS512, SKID: mine.ID, APU: base64url.Encode([]byte(mine.ID))}
			return seal(h, plaintext, on(recipient, mine.Key.Curve()), func(p WrapParams) ([]byte, error) {
				p.APU = []byte(mine.ID)
				return keys.Wrap(ctx, key, p)
			})
		}
	}
	return nil, fault.New(fault.Invalid, "envelope.no-common-curve", "sender and recipient have no key agreement keys on one curve")
}

// SealAnonymous encrypts a forward, or an envelope that Seal made, so that
// nobody who relays it learns the sender: ECDH-ES+A256KW with XC20P or
// A256CBC-HS512. It uses the curve of the recipient's first key agreement key
// that we send on.
func SealAnonymous(ctx context.Context, resolver did.Resolver, plaintext []byte, to, enc string) ([]byte, error) {
	if enc != XC20P && enc != A256CBCHS512 {
		return nil, fault.New(fault.Invalid, "envelope.enc", "a content encryption that we do not send")
	}
	if !isEnvelope(plaintext) {
		if m, err := didcomm.Parse(plaintext); err != nil || m.Type != didcomm.TypeForward {
			return nil, bad("anonymous", "only a forward or an authenticated envelope travels anonymously")
		}
	}
	recipient, err := resolve(ctx, resolver, to)
	if err != nil {
		return nil, err
	}
	for _, theirs := range recipient.KeysFor(did.KeyAgreement) {
		if curves[theirs.Key.Curve()] != nil {
			return seal(header{Alg: algAnon, Enc: enc}, plaintext, on(recipient, theirs.Key.Curve()), wrapES)
		}
	}
	return nil, fault.New(fault.Invalid, "envelope.no-common-curve", "the recipient has no key agreement key that we can use")
}

func resolve(ctx context.Context, resolver did.Resolver, id string) (*did.Document, error) {
	doc, err := resolver.Resolve(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("resolve DID: %w", err)
	}
	return doc, nil
}

// on lists the document's key agreement keys on the curve.
func on(doc *did.Document, curve did.Curve) []did.VerificationMethod {
	all := doc.KeysFor(did.KeyAgreement)
	all = slices.DeleteFunc(all, func(m did.VerificationMethod) bool { return m.Key.Curve() != curve })
	return all[:min(len(all), maxRecipients)]
}

// seal encrypts the plaintext once, and the content key for each recipient.
// The ephemeral key, the content key and the vector come from the operating
// system, never from an injected source: none may repeat.
func seal(h header, plaintext []byte, to []did.VerificationMethod, wrap func(WrapParams) ([]byte, error)) ([]byte, error) {
	if len(plaintext) > MaxEnvelope {
		return nil, bad("size", "a message of more than %d bytes", MaxEnvelope)
	}
	ephemeral, err := curves[to[0].Key.Curve()].GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make ephemeral key: %w", err)
	}
	public, err := did.FromECDH(ephemeral.PublicKey())
	if err != nil {
		return nil, err
	}
	var kids []string
	for _, m := range to {
		kids = append(kids, m.ID)
	}
	apv := partyV(kids)
	h.Typ, h.APV = didcomm.EncryptedMediaType, base64url.Encode(apv)
	if h.EPK, err = json.Marshal(public.JWK()); err != nil {
		return nil, fmt.Errorf("write epk: %w", err)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	enc := contents[h.Enc]
	out := wire{Protected: base64url.Encode(text)}
	cek, iv := make([]byte, enc.keySize), make([]byte, enc.ivSize)
	rand.Read(cek)
	rand.Read(iv)
	ciphertext, tag, err := enc.seal(cek, iv, plaintext, []byte(out.Protected))
	if err != nil {
		return nil, fmt.Errorf("encrypt content: %w", err)
	}
	out.IV, out.Ciphertext, out.Tag = base64url.Encode(iv), base64url.Encode(ciphertext), base64url.Encode(tag)
	for _, m := range to {
		wrapped, err := wrap(WrapParams{CEK: cek, Recipient: m.Key, Ephemeral: ephemeral, APV: apv, Tag: tag})
		if err != nil {
			return nil, fmt.Errorf("wrap content key: %w", err)
		}
		out.Recipients = append(out.Recipients, wireRecipient{wireKID{m.ID}, base64url.Encode(wrapped)})
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write envelope: %w", err)
	}
	if len(data) > MaxEnvelope {
		return nil, bad("size", "an envelope of more than %d bytes", MaxEnvelope)
	}
	return data, nil
}
