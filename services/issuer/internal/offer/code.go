package offer

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// CodeForm is how a collection code is written.
type CodeForm string

// The forms.
const (
	// Characters are eight of Crockford's base32, in two groups of four
	// ("7K3M-Q9TX"): 40 random bits.
	Characters CodeForm = "CHARACTERS"
	// Words are four of 2,048 English words ("amber-canoe-violet-ridge"): 44
	// random bits. They are for the telephone, and for a second language.
	Words CodeForm = "WORDS"
)

// codeAlphabet is Crockford's base32: no I, L, O or U.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// The list holds 2,048 common English words of three to eight letters. None is
// another with one letter changed, added, left out or swapped with its
// neighbour, none is an inflection of another, and none sounds like one that is
// written otherwise.
//
//go:embed words/en.txt
var wordList string

var (
	words   = strings.Fields(wordList)
	isAWord = func() map[string]bool {
		known := make(map[string]bool, len(words))
		for _, word := range words {
			known[word] = true
		}
		return known
	}()
)

// wordsInCode is how many words make a code.
const wordsInCode = 4

// CollectionCode is the secret that travels separately from the invitation, in
// one of the two forms. Only its salted hash is kept.
type CollectionCode string

// NewCollectionCode draws a code.
func NewCollectionCode(form CodeForm, random io.Reader) (CollectionCode, error) {
	raw := make([]byte, 8)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("draw collection code: %w", err)
	}
	if form == Words {
		drawn := make([]string, wordsInCode)
		for i := range drawn {
			// The length of the list divides 2^16, so that each word is as likely.
			drawn[i] = words[int(binary.BigEndian.Uint16(raw[2*i:]))%len(words)]
		}
		return CollectionCode(strings.Join(drawn, "-")), nil
	}
	for i, b := range raw {
		raw[i] = codeAlphabet[b%32]
	}
	return CollectionCode(string(raw[:4]) + "-" + string(raw[4:])), nil
}

// codeReading takes what people type for what they were given.
var codeReading = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")

// maxCode is the length of the longest code that is read, in bytes.
const maxCode = 48

// canonical is the code however it was typed: its four words, or its eight
// characters. Overlong input becomes a code that no offer has. The two forms
// cannot be taken for each other: eight characters never make four words of
// three letters or more.
func (c CollectionCode) canonical() string {
	if len(c) > maxCode {
		return ""
	}
	typed := strings.FieldsFunc(strings.ToLower(string(c)), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(typed) == wordsInCode && isAWord[typed[0]] && isAWord[typed[1]] && isAWord[typed[2]] && isAWord[typed[3]] {
		return strings.Join(typed, "-")
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

// Lock is what a code is compared with when an offer is looked for by its
// number. It is the same work whether there is such an offer or not.
type Lock struct {
	OfferID   string // empty when no offer has the number
	Salt, Sum []byte
	Exhausted bool // too many wrong codes have come with the number, or there is none
}

// nobody is what a code is compared with when no offer has the number: no code
// has this sum.
var nobody = codeHash{salt: make([]byte, 16), sum: make([]byte, sha256.Size)}

// Opens reports whether the code is the offer's and may still be tried.
func (l Lock) Opens(code CollectionCode) bool {
	h := codeHash{salt: l.Salt, sum: l.Sum}
	if l.OfferID == "" || len(l.Sum) == 0 {
		h = nobody
	}
	return h.matches(code) && !l.Exhausted && l.OfferID != ""
}
