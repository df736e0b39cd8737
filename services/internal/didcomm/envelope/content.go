package envelope

import (
	"crypto/aes"
	"crypto/cipher"

	josecipher "github.com/go-jose/go-jose/v4/cipher"
	"golang.org/x/crypto/chacha20poly1305"
)

// Content encryptions (RFC 7518 section 5.1, draft-amringer-jose-chacha).
const (
	A256CBCHS512 = "A256CBC-HS512"
	A256GCM      = "A256GCM"
	XC20P        = "XC20P"
)

// content is a content encryption. Sizes are in bytes.
type content struct {
	keySize, ivSize, tagSize int
	aead                     func(key []byte) (cipher.AEAD, error)
}

var contents = map[string]content{
	A256CBCHS512: {64, 16, 32, func(key []byte) (cipher.AEAD, error) {
		return josecipher.NewCBCHMAC(key, aes.NewCipher)
	}},
	A256GCM: {32, 12, 16, func(key []byte) (cipher.AEAD, error) {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		return cipher.NewGCM(block)
	}},
	XC20P: {32, 24, 16, chacha20poly1305.NewX},
}

// seal encrypts and gives ciphertext and tag apart.
func (c content) seal(key, iv, plaintext, aad []byte) (ciphertext, tag []byte, err error) {
	aead, err := c.aead(key)
	if err != nil {
		return nil, nil, err
	}
	out := aead.Seal(nil, iv, plaintext, aad)
	return out[:len(out)-c.tagSize], out[len(out)-c.tagSize:], nil
}

// open decrypts. The sizes of iv and tag were checked when they were read.
func (c content) open(key, iv, ciphertext, tag, aad []byte) ([]byte, error) {
	if len(key) != c.keySize {
		return nil, bad("content-key", "a content key has not %d bytes", c.keySize)
	}
	aead, err := c.aead(key)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, iv, append(append([]byte(nil), ciphertext...), tag...), aad)
	if err != nil {
		return nil, bad("content", "the content does not open")
	}
	return plaintext, nil
}
