package offer

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"strings"
)

// codeAlphabet is Crockford's base32: no I, L, O or U.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// CollectionCode is the secret that travels separately from the invitation:
// eight characters, shown in two groups of four ("7K3M-Q9TX"). Only its salted
// hash is kept.
type CollectionCode string

// NewCollectionCode draws a code of 40 random bits.
func NewCollectionCode(random io.Reader) (CollectionCode, error) {
	raw := make([]byte, 8)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("draw collection code: %w", err)
	}
	for i, b := range raw {
		raw[i] = codeAlphabet[b%32]
	}
	return CollectionCode(string(raw[:4]) + "-" + string(raw[4:])), nil
}

// codeReading takes what people type for what they were given.
var codeReading = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// canonical is the code's eight characters however they were typed. Overlong
// input becomes a code that no offer has.
func (c CollectionCode) canonical() string {
	if len(c) > 32 {
		return ""
	}
	return codeReading.Replace(strings.ToUpper(string(c)))
}

// codeHash keeps a code without keeping it.
type codeHash struct{ salt, sum []byte }

func hashCode(code CollectionCode, random io.Reader) (codeHash, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(random, salt); err != nil {
		return codeHash{}, fmt.Errorf("draw salt: %w", err)
	}
	return codeHash{salt: salt, sum: saltedSum(salt, code)}, nil
}

// matches takes the same time whatever was typed.
func (h codeHash) matches(code CollectionCode) bool {
	return subtle.ConstantTimeCompare(h.sum, saltedSum(h.salt, code)) == 1
}

func saltedSum(salt []byte, code CollectionCode) []byte {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(code.canonical()))
	return mac.Sum(nil)
}
