// Package binding is the proof of possession that a holder's credential
// request carries: a signed attachment as Aries RFC 0809 has it
// ("didcomm_signed_attachment"), whose payload is bound to the issuer's nonce,
// to the thread and to the issuer, so that a proof made for one exchange is
// worth nothing in another.
package binding

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Statement is what a holder signs: this key is mine, in this exchange.
type Statement struct {
	Nonce    string `json:"nonce"` // as the offer gave it
	Thread   string `json:"thid"`  // the issue-credential thread
	Audience string `json:"aud"`   // the issuer's DID
}

// header is the protected header of the JWS (RFC 7515).
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

const (
	algorithm = "EdDSA"
	proofType = "didcomm-binding+jws"
	maxProof  = 4096
)

// Sign makes the proof, a compact JWS, with the did:key behind kid.
func Sign(ctx context.Context, kid string, s Statement, sign func(ctx context.Context, kid string, data []byte) ([]byte, error)) (string, error) {
	protected, err := json.Marshal(header{Algorithm: algorithm, KeyID: kid, Type: proofType})
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return "", err
	}
	input := encode(protected) + "." + encode(payload)
	signature, err := sign(ctx, kid, []byte(input))
	if err != nil {
		return "", err
	}
	return input + "." + encode(signature), nil
}

// Verify checks a proof against what this exchange expects and returns the
// holder's did:key. Every deviation is Denied.
func Verify(ctx context.Context, proof string, want Statement) (holder string, err error) {
	parts := strings.Split(proof, ".")
	if len(proof) > maxProof || len(parts) != 3 {
		return "", refused("credential.binding-proof", "the proof of possession is not a compact JWS")
	}
	var h header
	if err := decodeJSON(parts[0], &h); err != nil || h.Algorithm != algorithm || h.Type != proofType {
		return "", refused("credential.binding-proof", "the proof's header is not of this kind (alg EdDSA, typ "+proofType+")")
	}
	var got Statement
	if err := decodeJSON(parts[1], &got); err != nil {
		return "", refused("credential.binding-proof", "the proof's payload cannot be read")
	}
	holder, _, err = did.Split(h.KeyID)
	if err != nil || !strings.HasPrefix(holder, "did:key:") {
		return "", refused("credential.binding-key", "the proof must be made by a did:key")
	}
	doc, err := did.Static{}.Resolve(ctx, holder)
	if err != nil {
		return "", refused("credential.binding-key", "the proof's did:key cannot be read")
	}
	key, ok := doc.Key(h.KeyID, did.Authentication)
	public, isEd := key.Ed25519()
	signature, decodeErr := decode(parts[2])
	if !ok || !isEd || decodeErr != nil || !ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature) {
		return "", refused("credential.binding-proof", "the proof's signature is not by its key")
	}
	switch {
	case got.Nonce != want.Nonce:
		return "", refused("credential.binding-nonce", "the proof is for another nonce")
	case got.Thread != want.Thread:
		return "", refused("credential.binding-thread", "the proof is for another thread")
	case got.Audience != want.Audience:
		return "", refused("credential.binding-audience", "the proof is for another issuer")
	}
	return holder, nil
}

func refused(rule, message string) error { return fault.New(fault.Denied, rule, "%s", message) }

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// decode is strict: padding, other alphabets and loose bits are refused.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") { // encoding/base64 skips them
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func decodeJSON(part string, into any) error {
	raw, err := decode(part)
	if err != nil {
		return err
	}
	return strictjson.Unmarshal(raw, into, strictjson.Limits{})
}
