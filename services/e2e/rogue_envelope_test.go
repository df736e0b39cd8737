package e2e

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"os"
	"strings"

	josecipher "github.com/go-jose/go-jose/v4/cipher"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
)

// target is a service's DID, a sender that it would listen to, and what it
// would take from it.
type target struct {
	service, from, to string
	says              didcomm.Message
}

// drops sends envelopes that must be dropped: answered with an error that
// names the rule, put in no inbox, harmless to the process.
func (r *rogue) drops(at target) {
	r.t.Helper()
	stranger, _ := r.newPeer(keystore.X25519)
	good := func() []byte { return r.seal(at.says, at.from, at.to) }
	plain := func(change func(m *didcomm.Message)) []byte {
		m := at.says
		m.ID, m.From, m.To = r.id(), at.from, []string{at.to}
		change(&m)
		text, err := m.Render()
		if err != nil {
			r.t.Fatal(err)
		}
		return text
	}
	same := func(*didcomm.Message) {}
	kid := r.agreementKey(at.from)
	r.untouched(at.service, []string{"agent_inbox", "agent_outbox"}, func() {
		for _, bad := range []struct {
			name, rule string
			sealed     []byte
		}{
			{"49 the key is not from's", "envelope.from", r.sealPlain(plain(func(m *didcomm.Message) { m.From = stranger }), at.from, at.to)},
			{"49 expired", "envelope.expired", r.sealPlain(plain(func(m *didcomm.Message) { m.ExpiresTime = 1 }), at.from, at.to)},
			{"49 plaintext", "envelope.json", plain(same)},
			{"49 nested forwards", "envelope.forward", r.nest(good(), at.to, 100)},
			{"49 anonymous", "envelope.anonymous", r.forge(forged{alg: "ECDH-ES+A256KW", to: at.to}, plain(same))},
			{"meant for somebody else", "envelope.to", r.sealPlain(plain(func(m *didcomm.Message) { m.To = []string{stranger} }), at.from, at.to)},
			{"51 ECDH-ES with a skid", "envelope.skid", r.forge(forged{alg: "ECDH-ES+A256KW", skid: kid, to: at.to}, plain(same))},
			{"51 ECDH-ES with skid and apu", "envelope.skid", r.forge(forged{alg: "ECDH-ES+A256KW", skid: kid, apu: kid, to: at.to}, plain(same))},
			{"51 apu is not skid", "envelope.apu", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: kid, apu: kid + "x", to: at.to}, plain(same))},
			{"51 no apu", "envelope.apu", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: kid, to: at.to}, plain(same))},
			{"51 another's skid", "", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: r.agreementKey(stranger), by: kid, apu: r.agreementKey(stranger), to: at.to}, plain(same))},
			{"52 unknown kid of the sender", "envelope.sender-key", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: at.from + "#nobody", by: kid, apu: at.from + "#nobody", to: at.to}, plain(same))},
			{"52 unknown kid of ours", "envelope.recipient", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: kid, apu: kid, to: at.to, kid: at.to + "#nobody"}, plain(same))},
			{"52 recipient without header", "envelope.kid", alter(good(), func(e map[string]any) {
				delete(e["recipients"].([]any)[0].(map[string]any), "header")
			})},
			{"52 no recipients", "envelope.recipients", alter(good(), func(e map[string]any) { e["recipients"] = []any{} })},
			{"52 epk on another curve", "envelope.epk", r.forge(forged{alg: "ECDH-1PU+A256KW", skid: kid, apu: kid, to: at.to, epk: otherCurve()}, plain(same))},
			{"52 tag cut short", "envelope.tag", alter(good(), func(e map[string]any) { e["tag"] = e["tag"].(string)[:22] })},
			{"52 tag of another", "", alter(good(), func(e map[string]any) { e["tag"] = strings.Repeat("A", 43) })},
			{"54 Protected", "envelope.json", rename(good(), "protected", "Protected")},
			{"54 KID", "envelope.json", rename(good(), "kid", "KID")},
			{"54 protected and Protected", "envelope.json", bytes.Replace(good(), []byte(`{"protected":`), []byte(`{"Protected":"e30","protected":`), 1)},
			{"54 protected twice", "envelope.json", bytes.Replace(good(), []byte(`{"protected":`), []byte(`{"protected":"e30","protected":`), 1)},
			{"54 From in the message", "", r.sealPlain(bytes.Replace(plain(same), []byte(`"from":`), []byte(`"From":"did:example:x","from":`), 1), at.from, at.to)},
			{"54 from twice in the message", "", r.sealPlain(bytes.Replace(plain(same), []byte(`"from":`), []byte(`"from":"did:example:x","from":`), 1), at.from, at.to)},
		} {
			log := r.logOf(at.service)
			a := r.post(at.service, bad.sealed)
			if a.status < 400 || a.status > 499 || a.rule == "" || bad.rule != "" && a.rule != bad.rule {
				r.fail("%s: %s: %d with rule %q, want %q", at.service, bad.name, a.status, a.rule, bad.rule)
			}
			r.until("the rule is logged of "+bad.name, func() bool {
				return strings.Contains(r.logOf(at.service)[len(log):], `"msg":"envelope not taken","service":"`+at.service+`","rule":"`+a.rule+`"`)
			})
		}
		a := r.ask(at.service, http.MethodPost, "/didcomm", http.Header{"Content-Type": {didcomm.PlainMediaType}}, bytes.NewReader(plain(same)))
		if a.status != http.StatusUnsupportedMediaType {
			r.fail("%s: plaintext that says so: %d", at.service, a.status)
		}
	})
	r.alive(at.service)
	// The same message in a sound envelope is taken: what was refused above
	// was refused for what was wrong with it.
	if a := r.post(at.service, good()); a.status != http.StatusAccepted {
		r.fail("%s does not take a sound envelope: %d %s", at.service, a.status, a.body)
	}
}

// logOf reads what a service has logged so far.
func (r *rogue) logOf(service string) string {
	r.t.Helper()
	content, err := os.ReadFile(r.logFile(service))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(content)
}

// agreementKey is the id of a DID's first key agreement key.
func (r *rogue) agreementKey(name string) string {
	r.t.Helper()
	document, err := r.resolver.Resolve(r.t.Context(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	return document.KeysFor(did.KeyAgreement)[0].ID
}

// sealPlain authcrypts any text.
func (r *rogue) sealPlain(text []byte, from, to string) []byte {
	r.t.Helper()
	sealed, err := envelope.Seal(r.t.Context(), r, r.resolver, text, from, to)
	if err != nil {
		r.t.Fatal(err)
	}
	return sealed
}

// nest puts an envelope into forwards to the same recipient, as often as it is
// told or an envelope can hold.
func (r *rogue) nest(sealed []byte, to string, times int) []byte {
	r.t.Helper()
	for i := range times {
		m := didcomm.Message{ID: r.id(), Type: didcomm.TypeForward, Body: object(map[string]string{"next": to}), Attachments: []didcomm.Attachment{{JSON: sealed}}}
		text, err := m.Render()
		if err != nil {
			r.t.Fatal(err)
		}
		outer, err := envelope.SealAnonymous(r.t.Context(), r.resolver, text, to, envelope.XC20P)
		if err != nil && i > 10 {
			return sealed // it grows by a third each time
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if sealed = outer; len(sealed) > envelope.MaxEnvelope*2/3 {
			return sealed
		}
	}
	return sealed
}

// alter changes an envelope's members.
func alter(sealed []byte, change func(e map[string]any)) []byte {
	var e map[string]any
	if err := json.Unmarshal(sealed, &e); err != nil {
		panic(err)
	}
	change(e)
	return object(e)
}

// rename changes the first member of a name.
func rename(sealed []byte, from, to string) []byte {
	return bytes.Replace(sealed, []byte(`"`+from+`":`), []byte(`"`+to+`":`), 1)
}

// otherCurve is an ephemeral key that no service's key can agree with.
func otherCurve() *ecdh.PrivateKey {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// forged is an envelope as the package under test would never write it. It is
// encrypted as its header says, so that it opens for whoever lets it.
type forged struct {
	alg, skid, apu string
	by             string // the key id that it is made with; empty: skid
	to             string
	kid            string           // of the recipient; empty: the right one
	epk            *ecdh.PrivateKey // what the header shows; nil: the right one
}

// forge seals text to the recipient's first X25519 key (DIDComm v2.1, "ECDH-1PU
// key wrapping and common protected headers"; RFC 7518 section 4.6).
func (r *rogue) forge(f forged, text []byte) []byte {
	r.t.Helper()
	check := func(err error) {
		r.t.Helper()
		if err != nil {
			r.t.Fatal(err)
		}
	}
	document, err := r.resolver.Resolve(r.t.Context(), f.to)
	check(err)
	recipient := document.KeysFor(did.KeyAgreement)[0]
	kid := recipient.ID
	if f.kid != "" {
		kid = f.kid
	}
	ephemeral, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(err)
	shown := f.epk
	if shown == nil {
		shown = ephemeral
	}
	public, err := did.FromECDH(shown.PublicKey())
	check(err)
	apv := sha256.Sum256([]byte(kid))
	header := map[string]any{
		"typ": didcomm.EncryptedMediaType, "alg": f.alg, "enc": envelope.A256CBCHS512,
		"epk": public.JWK(), "apv": base64.RawURLEncoding.EncodeToString(apv[:]),
	}
	if f.skid != "" {
		header["skid"] = f.skid
	}
	if f.apu != "" {
		header["apu"] = base64.RawURLEncoding.EncodeToString([]byte(f.apu))
	}
	protected := base64.RawURLEncoding.EncodeToString(object(header))
	cek, iv := make([]byte, 64), make([]byte, 16)
	rand.Read(cek)
	rand.Read(iv)
	aead, err := josecipher.NewCBCHMAC(cek, aes.NewCipher)
	check(err)
	sealed := aead.Seal(nil, iv, text, []byte(protected))
	ciphertext, tag := sealed[:len(sealed)-32], sealed[len(sealed)-32:]

	var wrapped []byte
	if f.alg == "ECDH-ES+A256KW" {
		wrapped = wrapES(check, ephemeral, recipient.Key, cek, f.apu, apv[:])
	} else {
		by := f.skid
		if f.by != "" {
			by = f.by
		}
		id, _, _ := r.KeyAgreement(r.t.Context(), by)
		apu := []byte(f.apu)
		if len(apu) == 0 {
			apu = []byte(by)
		}
		wrapped, err = r.Wrap(r.t.Context(), id, envelope.WrapParams{CEK: cek, Recipient: recipient.Key, Ephemeral: ephemeral, APU: apu, APV: apv[:], Tag: tag})
		check(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return object(map[string]any{
		"protected": protected, "iv": encode(iv), "ciphertext": encode(ciphertext), "tag": encode(tag),
		"recipients": []any{map[string]any{"header": map[string]any{"kid": kid}, "encrypted_key": encode(wrapped)}},
	})
}

func wrapES(check func(error), ephemeral *ecdh.PrivateKey, to did.PublicKey, cek []byte, apu string, apv []byte) []byte {
	public, err := to.ECDH()
	check(err)
	z, err := ephemeral.ECDH(public)
	check(err)
	prefixed := func(b []byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	kdf := josecipher.NewConcatKDF(crypto.SHA256, z, prefixed([]byte("ECDH-ES+A256KW")), prefixed([]byte(apu)), prefixed(apv),
		binary.BigEndian.AppendUint32(nil, 256), nil)
	kek := make([]byte, 32)
	_, err = kdf.Read(kek)
	check(err)
	block, err := aes.NewCipher(kek)
	check(err)
	wrapped, err := josecipher.KeyWrap(block, cek)
	check(err)
	return wrapped
}
