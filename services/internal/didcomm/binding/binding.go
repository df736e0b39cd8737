// Package binding is the proof of possession that a holder's credential
// request carries: a signed attachment as Aries RFC 0809 has it
// ("didcomm_signed_attachment"), whose payload is bound to the issuer's nonce,
// to the thread and to the issuer, so that a proof made for one exchange is
// worth nothing in another.
package binding

import (
	"context"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
)

// Statement is what a holder signs: this key is mine, in this exchange.
type Statement struct {
	Nonce    string `json:"nonce"` // as the offer gave it
	Thread   string `json:"thid"`  // the issue-credential thread
	Audience string `json:"aud"`   // the issuer's DID
}

const (
	proofType = "didcomm-binding+jws"
	maxProof  = 4096
)

// Sign makes the proof, a compact JWS, with the did:key behind kid.
func Sign(ctx context.Context, kid string, s Statement, sign jws.Signer) (string, error) {
	return jws.Sign(ctx, sign, jws.Header{Algorithm: did.Ed25519.Algorithm(), KeyID: kid, Type: proofType}, s)
}

// Verify checks a proof against what this exchange expects and returns the
// holder's did:key. Every deviation is Denied.
func Verify(ctx context.Context, proof string, want Statement) (holder string, err error) {
	token, err := jws.Parse([]byte(proof), proofType, maxProof)
	if err != nil {
		return "", refused("credential.binding-proof", "the proof of possession is not a compact JWS of the type "+proofType)
	}
	var got Statement
	if err := token.Read(&got); err != nil {
		return "", refused("credential.binding-proof", "the proof's payload cannot be read")
	}
	holder, _, err = did.Split(token.KeyID)
	if err != nil || !strings.HasPrefix(holder, "did:key:") {
		return "", refused("credential.binding-key", "the proof must be made by a did:key")
	}
	doc, err := did.Static{}.Resolve(ctx, holder)
	if err != nil {
		return "", refused("credential.binding-key", "the proof's did:key cannot be read")
	}
	key, ok := doc.Key(token.KeyID, did.Authentication)
	if !ok || !token.Verify(key) {
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
