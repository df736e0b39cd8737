package envelope

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"encoding/binary"

	josecipher "github.com/go-jose/go-jose/v4/cipher"
)

// Agree is what a private key does with a public one of its curve: it gives the secret
// that the two share (ECDH). Who keeps private keys hands over this, and no key.
type Agree func(public *ecdh.PublicKey) (secret []byte, err error)

// Wrap wraps a content key by ECDH-1PU+A256KW (draft-madden-jose-ecdh-1pu-04) for the
// sender, for who keeps private keys.
func Wrap(sender Agree, p WrapParams) ([]byte, error) {
	recipient, err := p.Recipient.ECDH()
	if err != nil {
		return nil, err
	}
	block, err := agree(algAuth, p.APU, p.APV, p.Tag, pair{p.Ephemeral.ECDH, recipient}, pair{sender, recipient})
	if err != nil {
		return nil, err
	}
	return josecipher.KeyWrap(block, p.CEK)
}

// wrapES wraps by ECDH-ES+A256KW (RFC 7518 section 4.6) without apu.
func wrapES(p WrapParams) ([]byte, error) {
	recipient, err := p.Recipient.ECDH()
	if err != nil {
		return nil, err
	}
	block, err := agree(algAnon, nil, p.APV, nil, pair{p.Ephemeral.ECDH, recipient})
	if err != nil {
		return nil, err
	}
	return josecipher.KeyWrap(block, p.CEK)
}

// Unwrap is the reverse of either, for the recipient. It fails when the keys lie on
// different curves.
func Unwrap(recipient Agree, p UnwrapParams) ([]byte, error) {
	ephemeral, err := p.Ephemeral.ECDH()
	if err != nil {
		return nil, err
	}
	alg, tag, pairs := algAnon, []byte(nil), []pair{{recipient, ephemeral}}
	if !p.Sender.IsZero() {
		sender, err := p.Sender.ECDH()
		if err != nil {
			return nil, err
		}
		alg, tag, pairs = algAuth, p.Tag, append(pairs, pair{recipient, sender})
	}
	block, err := agree(alg, p.APU, p.APV, tag, pairs...)
	if err != nil {
		return nil, err
	}
	return josecipher.KeyUnwrap(block, p.EncryptedKey)
}

// pair are two keys that agree on a secret.
type pair struct {
	own   Agree
	other *ecdh.PublicKey
}

// agree derives the key that wraps from the secrets of pairs, one after the other, by
// Concat KDF (RFC 7518 section 4.6.2; draft-madden-jose-ecdh-1pu-04 section 2.3, where
// the tag of the content follows the key's length).
func agree(alg string, apu, apv, tag []byte, pairs ...pair) (cipher.Block, error) {
	var z []byte
	for _, p := range pairs {
		secret, err := p.own(p.other)
		if err != nil {
			return nil, err
		}
		z = append(z, secret...)
	}
	info := binary.BigEndian.AppendUint32(nil, 8*kekSize)
	if tag != nil {
		info = append(info, prefixed(tag)...)
	}
	kek := make([]byte, kekSize)
	if _, err := josecipher.NewConcatKDF(crypto.SHA256, z, prefixed([]byte(alg)), prefixed(apu), prefixed(apv), info, nil).Read(kek); err != nil {
		return nil, err
	}
	return aes.NewCipher(kek)
}

// kekSize is that of A256KW, in bytes.
const kekSize = 32

// prefixed puts the length in front, as Concat KDF wants it.
func prefixed(b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
}
