// Package base58 is base58btc, the spelling of bytes that did:key, multibase and the
// signatures of Data Integrity proofs share (Controlled Identifiers 1.0, section 2.4;
// draft-msporny-base58). It takes time that grows with the square of the length: its
// callers bound what they read.
package base58

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// Five digits are counted at a time: as many as fit in 32 bits.
const (
	together = 5
	pow5     = 58 * 58 * 58 * 58 * 58
)

// ErrCharacter is the fault of a text with a character that is no digit.
var ErrCharacter = errors.New("base58: a character is no digit")

// values are those of the digits by their character, and none of others.
var values = func() (v [256]uint8) {
	for i := range v {
		v[i] = none
	}
	for i := range alphabet {
		v[alphabet[i]] = uint8(i)
	}
	return v
}()

const none = 255

// Encode writes bytes: each zero in front is a 1.
func Encode(b []byte) string {
	zeros := 0
	for zeros < len(b) && b[zeros] == 0 {
		zeros++
	}
	digits := encode(b[zeros:])
	out := make([]byte, zeros, zeros+together*len(digits))
	for i := range out {
		out[i] = alphabet[0]
	}
	for i := len(digits) - 1; i >= 0; i-- {
		var five [together]byte
		d := digits[i]
		for at := together - 1; at >= 0; at-- {
			five[at] = alphabet[d%58]
			d /= 58
		}
		first := 0
		for len(out) == zeros && first < together && five[first] == alphabet[0] {
			first++ // zeros in front of the number itself are not written
		}
		out = append(out, five[first:]...)
	}
	return string(out)
}

// encode gives the number that bytes are in base 58^5, the lowest first.
func encode(b []byte) []uint32 {
	digits := make([]uint32, 0, len(b)/3+1)
	head := len(b) % 4
	for at := 0; at < len(b); {
		var word uint64
		n := 4
		if at == 0 && head > 0 {
			n = head
			for _, c := range b[:head] {
				word = word<<8 | uint64(c)
			}
		} else {
			word = uint64(binary.BigEndian.Uint32(b[at:]))
		}
		at += n
		carry := word
		for i, d := range digits {
			sum := uint64(d)<<(8*n) + carry
			digits[i], carry = uint32(sum%pow5), sum/pow5
		}
		for carry > 0 {
			digits, carry = append(digits, uint32(carry%pow5)), carry/pow5
		}
	}
	return digits
}

// Decode is the reverse of Encode.
func Decode(text string) ([]byte, error) {
	zeros := 0
	for zeros < len(text) && text[zeros] == alphabet[0] {
		zeros++
	}
	words, err := decode(text[zeros:])
	if err != nil {
		return nil, err
	}
	out := make([]byte, zeros, zeros+4*len(words))
	for i := len(words) - 1; i >= 0; i-- {
		out = binary.BigEndian.AppendUint32(out, words[i])
	}
	if len(words) > 0 { // the highest word has zeros in front of the number itself
		front := bits.LeadingZeros32(words[len(words)-1]) / 8
		out = append(out[:zeros], out[zeros+front:]...)
	}
	return out, nil
}

// decode gives the number that digits are in base 2^32, the lowest first.
func decode(text string) ([]uint32, error) {
	words := make([]uint32, 0, len(text)/together+1)
	for at := 0; at < len(text); {
		n := together
		if at == 0 && len(text)%together > 0 {
			n = len(text) % together
		}
		carry, scale := uint64(0), uint64(1)
		for _, c := range []byte(text[at : at+n]) {
			value := values[c]
			if value == none {
				return nil, ErrCharacter
			}
			carry, scale = carry*58+uint64(value), scale*58
		}
		at += n
		for i, w := range words {
			sum := uint64(w)*scale + carry
			words[i], carry = uint32(sum), sum>>32
		}
		if carry > 0 {
			words = append(words, uint32(carry))
		}
	}
	return words, nil
}
