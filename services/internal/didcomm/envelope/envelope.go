// Package envelope encrypts DIDComm v2.1 messages and opens them: JWE in
// general JSON serialization (RFC 7516 section 7.2.1), ECDH-1PU+A256KW when
// the sender shows itself, ECDH-ES+A256KW when it does not.
//
// It decides who sent a message. An envelope counts as sent by the DID of
// skid only when it is ECDH-1PU and apu encodes that skid; an envelope without
// a sender is opened only around another that has one, or around a forward.
// It never opens anything else, never fetches a key but through the Resolver
// it is given, and never sees a private one.
package envelope

import (
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Limits of an envelope.
const (
	MaxEnvelope   = 1 << 20 // bytes
	maxRecipients = 32
	maxHeader     = 16 << 10
)

// Key wrapping algorithms.
const (
	algAuth = "ECDH-1PU+A256KW"
	algAnon = "ECDH-ES+A256KW"
)

// wire is an envelope as it travels. Members that it has no field for, such
// as unprotected, aad and the flattened encrypted_key, are refused: nothing
// that the tag does not cover has a say.
type wire struct {
	Protected  string          `json:"protected"`
	Recipients []wireRecipient `json:"recipients"`
	IV         string          `json:"iv"`
	Ciphertext string          `json:"ciphertext"`
	Tag        string          `json:"tag"`
}

type wireRecipient struct {
	Header       wireKID `json:"header"`
	EncryptedKey string  `json:"encrypted_key"`
}

type wireKID struct {
	KID string `json:"kid"`
}

// header is the protected header.
type header struct {
	Typ  string          `json:"typ,omitempty"`
	Alg  string          `json:"alg"`
	Enc  string          `json:"enc"`
	SKID string          `json:"skid,omitempty"`
	APU  string          `json:"apu,omitempty"`
	APV  string          `json:"apv"`
	EPK  json.RawMessage `json:"epk"`

	// Refused when they are there.
	Crit json.RawMessage `json:"crit,omitempty"`
	Zip  json.RawMessage `json:"zip,omitempty"`
	JWK  json.RawMessage `json:"jwk,omitempty"`
	JKU  json.RawMessage `json:"jku,omitempty"`
	X5U  json.RawMessage `json:"x5u,omitempty"`
	X5C  json.RawMessage `json:"x5c,omitempty"`
}

// sealed is an envelope whose form was checked, and nothing more.
type sealed struct {
	header     header
	ephemeral  did.PublicKey
	apu, apv   []byte // decoded
	recipients []recipient
	enc        content
	aad        []byte // the protected header as it was written
	iv         []byte
	ciphertext []byte
	tag        []byte
}

type recipient struct {
	kid          string
	encryptedKey []byte
}

// bad is the fault of an envelope that is dropped.
func bad(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "envelope."+rule, format, args...)
}

// parse reads an envelope's form: everything that can be decided without a
// key.
func parse(data []byte) (*sealed, error) {
	if len(data) > MaxEnvelope {
		return nil, bad("size", "an envelope of more than %d bytes", MaxEnvelope)
	}
	var in wire
	if err := strictjson.Unmarshal(data, &in, strictjson.Limits{Bytes: MaxEnvelope, Depth: 8}); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "envelope.json", "the envelope is not the JSON of one")
	}
	e := &sealed{aad: []byte(in.Protected)}
	if err := e.parseHeader(in.Protected); err != nil {
		return nil, err
	}
	if err := e.parseRecipients(in.Recipients); err != nil {
		return nil, err
	}
	var err error
	if e.iv, err = base64url.Decode(in.IV); err != nil || len(e.iv) != e.enc.ivSize {
		return nil, bad("iv", "the initialization vector has not %d bytes", e.enc.ivSize)
	}
	if e.tag, err = base64url.Decode(in.Tag); err != nil || len(e.tag) != e.enc.tagSize {
		return nil, bad("tag", "the tag has not %d bytes", e.enc.tagSize)
	}
	if e.ciphertext, err = base64url.Decode(in.Ciphertext); err != nil {
		return nil, bad("ciphertext", "the ciphertext is not base64url")
	}
	return e, nil
}

func (e *sealed) parseHeader(protected string) error {
	text, err := base64url.Decode(protected)
	if err != nil || len(text) > maxHeader {
		return bad("header", "the protected header is not base64url, or too long")
	}
	h := &e.header
	if err := strictjson.UnmarshalOpen(text, h, strictjson.Limits{Bytes: maxHeader, Depth: 8}); err != nil {
		return fault.Wrap(err, fault.Invalid, "envelope.header", "the protected header is not the JSON of one")
	}
	switch {
	case h.Crit != nil:
		return bad("crit", "the header asks for an extension that we do not have")
	case h.Zip != nil:
		return bad("zip", "the content is compressed")
	case h.JWK != nil || h.JKU != nil || h.X5U != nil || h.X5C != nil:
		return bad("key-header", "the header brings a key of its own")
	case h.Typ != "" && h.Typ != didcomm.EncryptedMediaType:
		return bad("typ", "typ is not %s", didcomm.EncryptedMediaType)
	}
	var ok bool
	if e.enc, ok = contents[h.Enc]; !ok {
		return bad("enc", "an unknown content encryption")
	}
	if e.apu, err = base64url.Decode(h.APU); err != nil {
		return bad("apu", "apu is not base64url")
	}
	if e.apv, err = base64url.Decode(h.APV); err != nil {
		return bad("apv", "apv is not base64url")
	}
	switch h.Alg {
	case algAuth:
		if h.Enc != A256CBCHS512 {
			return bad("enc", "%s goes with %s only", algAuth, A256CBCHS512)
		}
		if _, _, err := did.Split(h.SKID); err != nil {
			return bad("skid", "skid is not an absolute key id")
		}
		if string(e.apu) != h.SKID {
			return bad("apu", "apu is not the encoded skid")
		}
	case algAnon:
		if h.SKID != "" {
			return bad("skid", "an anonymous envelope names a sender")
		}
	default:
		return bad("alg", "an unknown key wrapping")
	}
	return e.parseEphemeral()
}

func (e *sealed) parseEphemeral() error {
	var jwk struct {
		did.JWK
		D json.RawMessage `json:"d"`
	}
	if err := strictjson.UnmarshalOpen(e.header.EPK, &jwk, strictjson.Limits{Bytes: maxHeader, Depth: 4}); err != nil {
		return fault.Wrap(err, fault.Invalid, "envelope.epk", "epk is not a key")
	}
	key, err := jwk.PublicKey()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "envelope.epk", "epk is not a key")
	}
	if jwk.D != nil || !key.Curve().Agrees() {
		return bad("epk", "epk is not a public key for key agreement")
	}
	e.ephemeral = key
	return nil
}

func (e *sealed) parseRecipients(in []wireRecipient) error {
	if len(in) == 0 || len(in) > maxRecipients {
		return bad("recipients", "an envelope has 1 to %d recipients", maxRecipients)
	}
	var kids []string
	for _, r := range in {
		if _, _, err := did.Split(r.Header.KID); err != nil {
			return bad("kid", "a recipient without an absolute key id")
		}
		if slices.Contains(kids, r.Header.KID) {
			return bad("kid", "a recipient twice")
		}
		key, err := base64url.Decode(r.EncryptedKey)
		if err != nil || len(key) != e.enc.keySize+8 {
			return bad("encrypted-key", "an encrypted key has not %d bytes", e.enc.keySize+8)
		}
		kids = append(kids, r.Header.KID)
		e.recipients = append(e.recipients, recipient{r.Header.KID, key})
	}
	if string(e.apv) != string(partyV(kids)) {
		return bad("apv", "apv is not the digest of the recipients")
	}
	return nil
}

// partyV is apv before its encoding: SHA-256 of the sorted key ids with dots
// between them (DIDComm v2.1 section "ECDH-1PU key wrapping and common
// protected headers").
func partyV(kids []string) []byte {
	sum := sha256.Sum256([]byte(strings.Join(slices.Sorted(slices.Values(kids)), ".")))
	return sum[:]
}
