package envelope

import (
	"context"
	"crypto/ecdh"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// The numbers are those of the list of hostile inputs.

// forge seals with any header, as an attacker would who knows the recipient's
// public keys. wrap is wrapES for an envelope without a sender's key.
func forge(t testing.TB, h header, plaintext string, to person, wrap func(WrapParams) ([]byte, error)) []byte {
	t.Helper()
	doc, err := did.Static{}.Resolve(t.Context(), to.did)
	if err != nil {
		t.Fatal(err)
	}
	data, err := seal(h, []byte(plaintext), doc.KeysFor(did.KeyAgreement), wrap)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// edit changes the envelope's outer JSON or its protected header as text. The
// result no longer opens; what matters is that the rule named comes first.
func edit(t testing.TB, data []byte, outer func(map[string]any), protected func(map[string]any)) []byte {
	t.Helper()
	var env map[string]any
	if err := json.Unmarshal(data, &env); err != nil {
		t.Fatal(err)
	}
	if protected != nil {
		text, err := base64url.Decode(env["protected"].(string))
		if err != nil {
			t.Fatal(err)
		}
		var h map[string]any
		if err := json.Unmarshal(text, &h); err != nil {
			t.Fatal(err)
		}
		protected(h)
		if text, err = json.Marshal(h); err != nil {
			t.Fatal(err)
		}
		env["protected"] = base64url.Encode(text)
	}
	if outer != nil {
		outer(env)
	}
	out, err := json.Marshal(env)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func drops(t *testing.T, to person, data []byte, rule string) {
	t.Helper()
	got, err := Receive(t.Context(), to.keys, did.Static{}, data, 1000)
	wantRule(t, err, rule)
	if got.Sender != "" || got.Message != nil || got.Plaintext != nil {
		t.Fatalf("dropped, and yet %+v", got)
	}
}

func TestHostile49TheMessageIsDropped(t *testing.T) {
	alice, bob, mallory := newPerson(t, did.X25519), newPerson(t, did.X25519), newPerson(t, did.X25519)

	t.Run("key is not from's", func(t *testing.T) {
		drops(t, bob, mustSeal(t, mallory, bob, message(alice.did, bob.did)), "envelope.from")
	})
	t.Run("without from", func(t *testing.T) {
		drops(t, bob, mustSeal(t, mallory, bob, `{"id":"1","type":"a:b","body":{}}`), "envelope.from")
	})
	t.Run("for somebody else", func(t *testing.T) {
		drops(t, bob, mustSeal(t, alice, bob, message(alice.did, mallory.did)), "envelope.to")
	})
	t.Run("expired", func(t *testing.T) {
		text := fmt.Sprintf(`{"id":"1","type":"a:b","from":%q,"expires_time":1000,"body":{}}`, alice.did)
		drops(t, bob, mustSeal(t, alice, bob, text), "envelope.expired")
	})
	t.Run("forward nested 100 times", func(t *testing.T) {
		data := mustSeal(t, alice, bob, message(alice.did, bob.did))
		for depth := range 100 {
			m := didcomm.Message{
				ID: "f", Type: didcomm.TypeForward, Body: json.RawMessage(`{"next":"` + bob.did + `"}`),
				Attachments: []didcomm.Attachment{{JSON: data}},
			}
			text, err := m.Render()
			if err != nil {
				t.Fatal(err)
			}
			if data, err = SealAnonymous(t.Context(), did.Static{}, text, bob.did, XC20P); err != nil {
				if depth < 3 {
					t.Fatal(err)
				}
				break // too large to send: nested deep enough
			}
			if depth > maxForwards+1 && depth%10 != 0 {
				continue
			}
			_, err = Receive(t.Context(), bob.keys, did.Static{}, data, 0)
			if depth < maxForwards && err != nil {
				t.Fatalf("%d forwards: %v", depth+1, err)
			}
			if depth >= maxForwards {
				wantRule(t, err, "envelope.forward")
			}
		}
	})
	t.Run("plaintext where encryption is required", func(t *testing.T) {
		drops(t, bob, []byte(message(alice.did, bob.did)), "envelope.json")
	})
	t.Run("anonymous where a sender is required", func(t *testing.T) {
		drops(t, bob, forge(t, header{Alg: algAnon, Enc: XC20P}, message(alice.did, bob.did), bob, wrapES), "envelope.anonymous")
	})
	t.Run("anonymous within anonymous", func(t *testing.T) {
		data := forge(t, header{Alg: algAnon, Enc: XC20P}, message(alice.did, bob.did), bob, wrapES)
		drops(t, bob, forge(t, header{Alg: algAnon, Enc: XC20P}, string(data), bob, wrapES), "envelope.anonymous")
	})
	t.Run("signed but sealed by another", func(t *testing.T) {
		// A message that somebody else sealed to us, sent on as our own content.
		inner := mustSeal(t, alice, bob, message(alice.did, bob.did))
		drops(t, bob, mustSeal(t, mallory, bob, string(inner)), "didcomm.message")
	})
}

func TestHostile51AttributedToNobody(t *testing.T) {
	alice, bob, mallory := newPerson(t, did.X25519), newPerson(t, did.X25519), newPerson(t, did.X25519)
	victim, attacker := alice.did+"#key-1", mallory.did+"#key-1"
	text := message(alice.did, bob.did)

	t.Run("ECDH-ES envelope that carries a skid", func(t *testing.T) {
		h := header{Alg: algAnon, Enc: A256CBCHS512, SKID: victim, APU: b64(victim)}
		drops(t, bob, forge(t, h, text, bob, func(p WrapParams) ([]byte, error) { return wrapES(p) }), "envelope.skid")
		h.APU = ""
		drops(t, bob, forge(t, h, text, bob, wrapES), "envelope.skid")
	})
	t.Run("around a forward", func(t *testing.T) {
		h := header{Alg: algAnon, Enc: XC20P, SKID: victim}
		drops(t, bob, forge(t, h, `{"id":"1","type":"`+didcomm.TypeForward+`"}`, bob, wrapES), "envelope.skid")
	})
	for name, apu := range map[string]string{
		"1PU whose apu is not its skid":    b64(attacker),
		"1PU without apu":                  "",
		"1PU whose apu is its skid as is":  "ZGlk",
		"1PU whose apu is the sender only": b64(alice.did),
	} {
		t.Run(name, func(t *testing.T) {
			// The attacker wraps with its own key and the apu that it writes.
			h := header{Alg: algAuth, Enc: A256CBCHS512, SKID: victim, APU: apu}
			data := forge(t, h, text, bob, func(p WrapParams) ([]byte, error) {
				p.APU, _ = base64url.Decode(apu)
				return mallory.keys.Wrap(context.Background(), attacker, p)
			})
			drops(t, bob, data, "envelope.apu")
		})
	}
	t.Run("1PU by another's key", func(t *testing.T) {
		h := header{Alg: algAuth, Enc: A256CBCHS512, SKID: victim, APU: b64(victim)}
		data := forge(t, h, text, bob, func(p WrapParams) ([]byte, error) {
			p.APU = []byte(victim)
			return mallory.keys.Wrap(context.Background(), attacker, p)
		})
		if _, err := Receive(t.Context(), bob.keys, did.Static{}, data, 0); err == nil {
			t.Fatal("opened as the victim's")
		}
	})
	t.Run("1PU without skid", func(t *testing.T) {
		drops(t, bob, forge(t, header{Alg: algAuth, Enc: A256CBCHS512}, text, bob, wrapES), "envelope.skid")
	})
	t.Run("1PU with another content encryption", func(t *testing.T) {
		h := header{Alg: algAuth, Enc: A256GCM, SKID: victim, APU: b64(victim)}
		drops(t, bob, forge(t, h, text, bob, wrapES), "envelope.enc")
	})
	t.Run("a recipient's content key used for another message", func(t *testing.T) {
		// One of two recipients knows the content key; the tag in the key
		// derivation keeps it from writing to the other in the sender's name.
		data := mustSeal(t, alice, bob, text)
		e, err := parse(data)
		if err != nil {
			t.Fatal(err)
		}
		cek, err := bob.keys.Unwrap(t.Context(), e.recipients[0].kid, UnwrapParams{
			EncryptedKey: e.recipients[0].encryptedKey, Ephemeral: e.ephemeral, APU: e.apu, APV: e.apv, Tag: e.tag,
			Sender: keyOf(t, victim),
		})
		if err != nil {
			t.Fatal(err)
		}
		ciphertext, tag, err := e.enc.seal(cek, e.iv, []byte(strings.Replace(text, "m1", "m2", 1)), e.aad)
		if err != nil {
			t.Fatal(err)
		}
		forged := edit(t, data, func(env map[string]any) {
			env["ciphertext"], env["tag"] = base64url.Encode(ciphertext), base64url.Encode(tag)
		}, nil)
		if _, err := Open(t.Context(), bob.keys, did.Static{}, forged); err == nil {
			t.Fatal("opened as the sender's")
		}
	})
}

func keyOf(t testing.TB, kid string) did.PublicKey {
	t.Helper()
	id, _, err := did.Split(kid)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := did.Static{}.Resolve(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := doc.Key(kid, did.KeyAgreement)
	if !ok {
		t.Fatal("no such key")
	}
	return key
}

func TestHostile52ErrorAndNoPanic(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	data := mustSeal(t, alice, bob, message(alice.did, bob.did))
	firstRecipient := func(f func(r map[string]any)) func(map[string]any) {
		return func(env map[string]any) { f(env["recipients"].([]any)[0].(map[string]any)) }
	}
	p256, err := ecdh.P256().GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	otherCurve, err := did.FromECDH(p256.PublicKey())
	if err != nil {
		t.Fatal(err)
	}

	t.Run("unknown kid in a resolvable DID", func(t *testing.T) {
		kid := bob.did + "#key-2"
		altered := edit(t, data, firstRecipient(func(r map[string]any) { r["header"] = map[string]any{"kid": kid} }),
			func(h map[string]any) { h["apv"] = base64url.Encode(partyV([]string{kid})) })
		drops(t, bob, altered, "envelope.recipient")
	})
	t.Run("unknown skid in a resolvable DID", func(t *testing.T) {
		kid := alice.did + "#key-2"
		altered := edit(t, data, nil, func(h map[string]any) { h["skid"], h["apu"] = kid, b64(kid) })
		drops(t, bob, altered, "envelope.sender-key")
	})
	t.Run("unresolvable skid", func(t *testing.T) {
		altered := edit(t, data, nil, func(h map[string]any) { h["skid"], h["apu"] = "did:x:y#1", b64("did:x:y#1") })
		drops(t, bob, altered, "did.method")
	})
	t.Run("epk on another curve", func(t *testing.T) {
		altered := edit(t, data, nil, func(h map[string]any) { h["epk"] = otherCurve.JWK() })
		drops(t, bob, altered, "envelope.epk")
	})
	t.Run("anonymous with epk on another curve", func(t *testing.T) {
		anonymous, err := SealAnonymous(t.Context(), did.Static{}, data, bob.did, XC20P)
		if err != nil {
			t.Fatal(err)
		}
		altered := edit(t, anonymous, nil, func(h map[string]any) { h["epk"] = otherCurve.JWK() })
		if _, err := Open(t.Context(), bob.keys, did.Static{}, altered); err == nil {
			t.Fatal("opened")
		}
	})
	for name, epk := range map[string]any{
		"epk missing":        nil,
		"epk as text":        "x",
		"epk off the curve":  map[string]any{"kty": "EC", "crv": "P-256", "x": otherCurve.JWK().X, "y": otherCurve.JWK().X},
		"epk of small order": map[string]any{"kty": "OKP", "crv": "X25519", "x": base64url.Encode(make([]byte, 32))},
		"epk that signs":     map[string]any{"kty": "OKP", "crv": "Ed25519", "x": base64url.Encode([]byte(strings.Repeat("x", 32)))},
		"epk too short":      map[string]any{"kty": "OKP", "crv": "X25519", "x": "AA"},
		"epk private":        map[string]any{"kty": "OKP", "crv": "X25519", "x": base64url.Encode([]byte(strings.Repeat("x", 32))), "d": "AA"},
		"epk secp256k1":      map[string]any{"kty": "EC", "crv": "secp256k1", "x": otherCurve.JWK().X, "y": otherCurve.JWK().Y},
	} {
		t.Run(name, func(t *testing.T) {
			drops(t, bob, edit(t, data, nil, func(h map[string]any) { h["epk"] = epk }), "envelope.epk")
		})
	}
	for name, c := range map[string]struct {
		outer func(map[string]any)
		rule  string
	}{
		"recipient without header":    {firstRecipient(func(r map[string]any) { delete(r, "header") }), "envelope.kid"},
		"recipient whose header lies": {firstRecipient(func(r map[string]any) { r["header"] = nil }), "envelope.kid"},
		"recipient with an empty kid": {firstRecipient(func(r map[string]any) { r["header"] = map[string]any{"kid": ""} }), "envelope.kid"},
		"recipient that is null":      {func(e map[string]any) { e["recipients"] = []any{nil} }, "envelope.kid"},
		"recipients missing":          {func(e map[string]any) { delete(e, "recipients") }, "envelope.recipients"},
		"33 recipients": {func(e map[string]any) {
			e["recipients"] = make([]any, 33)
		}, "envelope.recipients"},
		"a recipient twice": {func(e map[string]any) {
			r := e["recipients"].([]any)
			e["recipients"] = append(r, r[0])
		}, "envelope.kid"},
		"path in kid":          {firstRecipient(func(r map[string]any) { r["header"] = map[string]any{"kid": "../../x"} }), "envelope.kid"},
		"kid of 10 kB":         {firstRecipient(func(r map[string]any) { r["header"] = map[string]any{"kid": "did:x:y#" + strings.Repeat("a", 10000)} }), "envelope.kid"},
		"encrypted key cut":    {firstRecipient(func(r map[string]any) { r["encrypted_key"] = "AAAA" }), "envelope.encrypted-key"},
		"encrypted key empty":  {firstRecipient(func(r map[string]any) { r["encrypted_key"] = "" }), "envelope.encrypted-key"},
		"tag cut short":        {func(e map[string]any) { e["tag"] = e["tag"].(string)[:22] }, "envelope.tag"},
		"tag missing":          {func(e map[string]any) { delete(e, "tag") }, "envelope.tag"},
		"iv cut short":         {func(e map[string]any) { e["iv"] = "AAAA" }, "envelope.iv"},
		"iv padded":            {func(e map[string]any) { e["iv"] = e["iv"].(string) + "==" }, "envelope.iv"},
		"iv with a line break": {func(e map[string]any) { e["iv"] = e["iv"].(string)[:4] + "\n" + e["iv"].(string)[4:] }, "envelope.iv"},
		"protected missing":    {func(e map[string]any) { delete(e, "protected") }, "envelope.header"},
		"protected not base64": {func(e map[string]any) { e["protected"] = "{}" }, "envelope.header"},
		"ciphertext a number":  {func(e map[string]any) { e["ciphertext"] = 1 }, "envelope.json"},
		"unprotected header":   {func(e map[string]any) { e["unprotected"] = map[string]any{"alg": "none"} }, "envelope.json"},
		"flattened form":       {func(e map[string]any) { e["encrypted_key"] = "AA" }, "envelope.json"},
		"additional data":      {func(e map[string]any) { e["aad"] = "AA" }, "envelope.json"},
	} {
		t.Run(name, func(t *testing.T) { drops(t, bob, edit(t, data, c.outer, nil), c.rule) })
	}
	for name, c := range map[string]struct {
		protected func(map[string]any)
		rule      string
	}{
		"compressed":       {func(h map[string]any) { h["zip"] = "DEF" }, "envelope.zip"},
		"unknown crit":     {func(h map[string]any) { h["crit"] = []string{"x"} }, "envelope.crit"},
		"empty crit":       {func(h map[string]any) { h["crit"] = []string{} }, "envelope.crit"},
		"embedded key":     {func(h map[string]any) { h["jwk"] = otherCurve.JWK() }, "envelope.key-header"},
		"key by link":      {func(h map[string]any) { h["jku"] = "https://a.example" }, "envelope.key-header"},
		"another typ":      {func(h map[string]any) { h["typ"] = "JWT" }, "envelope.typ"},
		"alg none":         {func(h map[string]any) { h["alg"] = "none" }, "envelope.alg"},
		"alg PBES2":        {func(h map[string]any) { h["alg"], h["p2c"] = "PBES2-HS512+A256KW", 1<<30 }, "envelope.alg"},
		"alg dir":          {func(h map[string]any) { h["alg"] = "ECDH-ES" }, "envelope.alg"},
		"enc unknown":      {func(h map[string]any) { h["enc"] = "A128GCM" }, "envelope.enc"},
		"apv missing":      {func(h map[string]any) { delete(h, "apv") }, "envelope.apv"},
		"apv of another":   {func(h map[string]any) { h["apv"] = base64url.Encode(partyV([]string{"did:a:b#c"})) }, "envelope.apv"},
		"apv not canonic":  {func(h map[string]any) { h["apv"] = h["apv"].(string)[:42] + "_" }, "envelope.apv"},
		"skid without key": {func(h map[string]any) { h["skid"] = alice.did }, "envelope.skid"},
	} {
		t.Run(name, func(t *testing.T) { drops(t, bob, edit(t, data, nil, c.protected), c.rule) })
	}
	t.Run("too large", func(t *testing.T) {
		drops(t, bob, make([]byte, MaxEnvelope+1), "envelope.size")
	})
	t.Run("every byte altered", func(t *testing.T) {
		for i := range data {
			altered := append([]byte(nil), data...)
			altered[i] ^= 0x01
			if got, err := Open(t.Context(), bob.keys, did.Static{}, altered); err == nil {
				t.Fatalf("byte %d altered (%q), opened as %s's", i, data[i], got.Sender)
			}
		}
	})
	t.Run("cut anywhere", func(t *testing.T) {
		for i := range data {
			if _, err := Open(t.Context(), bob.keys, did.Static{}, data[:i]); err == nil {
				t.Fatalf("opened after %d bytes", i)
			}
		}
	})
}

func TestHostile53TheRightOfSeveralKeysIsFound(t *testing.T) {
	several := []did.Curve{did.P384, did.X25519, did.P256, did.X25519, did.P256}
	alice, bob := newPerson(t, several...), newPerson(t, several...)
	// Bob lost all keys but one: whichever it is, somebody on its curve
	// reaches it and is known by the right one of several keys.
	for i, curve := range several {
		kid := fmt.Sprintf("%s#key-%d", bob.did, i+1)
		holder := person{bob.did, rawKeys{kid: bob.keys[kid]}}
		for j, other := range several {
			if other != curve {
				continue
			}
			skid := fmt.Sprintf("%s#key-%d", alice.did, j+1)
			data := sealBy(t, alice, skid, bob)
			got, err := Receive(t.Context(), holder.keys, did.Static{}, data, 0)
			if err != nil {
				t.Fatalf("key %d to key %d: %v", j+1, i+1, err)
			}
			if got.SenderKID != skid || got.RecipientKID != kid {
				t.Fatalf("from %s to %s", got.SenderKID, got.RecipientKID)
			}
		}
	}
}

// sealBy seals with one of several keys.
func sealBy(t *testing.T, from person, skid string, to person) []byte {
	t.Helper()
	doc, err := did.Static{}.Resolve(t.Context(), to.did)
	if err != nil {
		t.Fatal(err)
	}
	curve := keyOf(t, skid).Curve()
	h := header{Alg: algAuth, Enc: A256CBCHS512, SKID: skid, APU: b64(skid)}
	data, err := seal(h, []byte(message(from.did, to.did)), on(doc, curve), func(p WrapParams) ([]byte, error) {
		p.APU = []byte(skid)
		return from.keys.Wrap(t.Context(), skid, p)
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestHostile54MemberNamesMatchWithTheirCase(t *testing.T) {
	alice, bob := newPerson(t, did.X25519), newPerson(t, did.X25519)
	data := string(mustSeal(t, alice, bob, message(alice.did, bob.did)))
	for _, c := range []struct{ old, new string }{
		{`"protected"`, `"Protected"`},
		{`"kid"`, `"KID"`},
		{`"kid"`, `"kId"`},
		{`"recipients"`, `"Recipients"`},
		{`"encrypted_key"`, `"Encrypted_Key"`},
		{`"tag"`, `"TAG"`},
		{`"kid"`, "\"\u212aid\":\"x\",\"kid\""}, // the Kelvin sign folds to k
		{`"kid":`, `"kid":"did:a:b#c","kid":`},
		{`"kid":`, `"KID":"did:a:b#c","kid":`},
		{`"protected":`, `"protected":"e30","protected":`},
		{`{"protected"`, `{"PROTECTED":"e30","protected"`},
		{`"iv":`, `"iv":"","iv":`},
		{`"iv":`, `"x":1,"iv":`},
	} {
		altered := strings.Replace(data, c.old, c.new, 1)
		if altered == data {
			t.Fatalf("%s not found", c.old)
		}
		_, err := Receive(t.Context(), bob.keys, did.Static{}, []byte(altered), 0)
		wantRule(t, err, "envelope.json")
	}
	// The protected header, whose bytes the tag covers: sealed with the odd
	// name from the start.
	for _, c := range []struct{ old, new string }{
		{`"skid":`, `"SKID":"did:a:b#c","skid":`},
		{`"alg":`, `"alg":"none","alg":`},
		{`"alg":`, `"Alg":"none","alg":`},
		{`"crv":`, `"CRV":"P-256","crv":`},
		{`"apu":`, `"aPu":"","apu":`},
	} {
		var env map[string]any
		if err := json.Unmarshal([]byte(data), &env); err != nil {
			t.Fatal(err)
		}
		text, err := base64url.Decode(env["protected"].(string))
		if err != nil {
			t.Fatal(err)
		}
		altered := strings.Replace(string(text), c.old, c.new, 1)
		if altered == string(text) {
			t.Fatalf("%s not found", c.old)
		}
		env["protected"] = b64(altered)
		out, err := json.Marshal(env)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Receive(t.Context(), bob.keys, did.Static{}, out, 0)
		if rule := fault.RuleOf(err); err == nil || rule != "envelope.header" && rule != "envelope.epk" {
			t.Fatalf("%s: %v", c.new, err)
		}
	}
	// And the message within.
	for _, text := range []string{
		`{"id":"1","type":"a:b","from":"` + alice.did + `","From":"did:a:b"}`,
		`{"id":"1","type":"a:b","from":"did:a:b","from":"` + alice.did + `"}`,
	} {
		if _, err := Receive(t.Context(), bob.keys, did.Static{}, mustSeal(t, alice, bob, text), 0); err == nil {
			t.Fatal(text)
		}
	}
}
