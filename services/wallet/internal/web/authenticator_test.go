package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// device is a phone with passkeys, in software: ES256, attestation "none".
type device struct {
	t       *testing.T
	origin  string
	rp      string
	key     *ecdsa.PrivateKey
	id      []byte
	user    []byte
	counter uint32
}

func newDevice(t *testing.T, origin, rp string) *device { return &device{t: t, origin: origin, rp: rp} }

func (d *device) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

var b64 = base64.RawURLEncoding

// authData is authenticator data (Web Authentication, section 6.1): flags user present,
// user verified and, when a key is made, attested credential data.
func (d *device) authData(made bool) []byte {
	rp := sha256.Sum256([]byte(d.rp))
	flags := byte(0x01 | 0x04)
	if made {
		flags |= 0x40
	}
	d.counter++
	out := append(rp[:], flags)
	out = binary.BigEndian.AppendUint32(out, d.counter)
	if !made {
		return out
	}
	x, y := make([]byte, 32), make([]byte, 32)
	d.key.X.FillBytes(x)
	d.key.Y.FillBytes(y)
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: x, -3: y})
	d.must(err)
	out = append(out, make([]byte, 16)...) // AAGUID
	out = binary.BigEndian.AppendUint16(out, uint16(len(d.id)))
	return append(append(out, d.id...), public...)
}

func (d *device) clientData(kind, challenge string) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.origin, "crossOrigin": false})
	d.must(err)
	return raw
}

// make answers the options of a new passkey.
func (d *device) make(options string) string {
	d.t.Helper()
	var asked struct {
		PublicKey struct {
			Challenge string
			User      struct{ ID string }
		} `json:"publicKey"`
	}
	d.must(json.Unmarshal([]byte(options), &asked))
	var err error
	d.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	d.must(err)
	d.id = []byte("passkey-of-" + d.rp + rand.Text())
	d.user, err = b64.DecodeString(asked.PublicKey.User.ID)
	d.must(err)
	attestation, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": d.authData(true)})
	d.must(err)
	return d.answer(map[string]any{
		"clientDataJSON": b64.EncodeToString(d.clientData("webauthn.create", asked.PublicKey.Challenge)), "attestationObject": b64.EncodeToString(attestation),
	})
}

// use answers the options of a sign-in.
func (d *device) use(options string) string {
	d.t.Helper()
	var asked struct {
		PublicKey struct{ Challenge string } `json:"publicKey"`
	}
	d.must(json.Unmarshal([]byte(options), &asked))
	client, auth := d.clientData("webauthn.get", asked.PublicKey.Challenge), d.authData(false)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, auth...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, d.key, digest[:])
	d.must(err)
	return d.answer(map[string]any{
		"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(auth),
		"signature": b64.EncodeToString(signature), "userHandle": b64.EncodeToString(d.user),
	})
}

func (d *device) answer(response map[string]any) string {
	raw, err := json.Marshal(map[string]any{
		"id": b64.EncodeToString(d.id), "rawId": b64.EncodeToString(d.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{},
	})
	d.must(err)
	return string(raw)
}
