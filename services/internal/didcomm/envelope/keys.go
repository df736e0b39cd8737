package envelope

import (
	"context"
	"crypto/ecdh"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// Keys holds private key agreement keys and works with them; the bytes stay
// with it. Implementations are safe for concurrent use.
type Keys interface {
	// KeyAgreement names the private key that belongs to the absolute key id
	// kid; ok is false when we hold none.
	KeyAgreement(ctx context.Context, kid string) (key string, ok bool, err error)
	// Wrap wraps a content key by ECDH-1PU+A256KW (draft-madden-jose-ecdh-1pu-04)
	// from our key to a recipient's.
	Wrap(ctx context.Context, key string, p WrapParams) ([]byte, error)
	// Unwrap is the reverse, on the recipient's side, for ECDH-1PU+A256KW and
	// for ECDH-ES+A256KW (RFC 7518 section 4.6). It fails, without a panic,
	// when the keys lie on different curves.
	Unwrap(ctx context.Context, key string, p UnwrapParams) ([]byte, error)
}

// WrapParams is what wrapping takes beside our private key. There is no
// ECDH-ES here: an anonymous sender has only the ephemeral key.
type WrapParams struct {
	CEK       []byte           // 64 bytes, for A256CBC-HS512
	Recipient did.PublicKey    // on our key's curve
	Ephemeral *ecdh.PrivateKey // likewise; one for all recipients of an envelope
	APU, APV  []byte           // as they enter the key derivation: decoded, never empty
	Tag       []byte           // of the encrypted content
}

// UnwrapParams is what unwrapping takes beside our private key.
type UnwrapParams struct {
	EncryptedKey []byte
	Ephemeral    did.PublicKey // on our key's curve
	Sender       did.PublicKey // likewise; the zero key means ECDH-ES
	APU, APV     []byte        // decoded
	Tag          []byte        // ECDH-1PU: of the encrypted content
}
