package sdjwt

import (
	"bytes"
	"compress/zlib"
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/base64url"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// answer is what the oracle makes of one request.
type answer struct {
	Token   string
	Payload map[string]any
	KB      map[string]any
	Error   string
}

// ask sends requests to @sd-jwt/sd-jwt-vc.
func ask(t *testing.T, requests []object) []answer {
	t.Helper()
	var answers []answer
	testkit.Oracle(t, "sdjwt.mjs", requests, &answers)
	if len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests", len(answers), len(requests))
	}
	return answers
}

func (p party) public() object {
	jwk := p.key.JWK()
	out := object{"kty": jwk.Kty, "crv": jwk.Crv, "x": jwk.X}
	if jwk.Y != "" {
		out["y"] = jwk.Y
	}
	return out
}

func (p party) private() object {
	out := p.public()
	out["d"] = p.secret
	return out
}

// statusList is a Token Status List that says nothing bad of anybody.
func statusList(t *testing.T, by party) string {
	t.Helper()
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := w.Write(make([]byte, 128)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f := forged{
		header: object{"alg": by.key.Curve().Algorithm(), "typ": "statuslist+jwt"},
		payload: object{
			"sub": "https://issuer.example/status/1", "iat": now.Unix(),
			"status_list": object{"bits": 1, "lst": base64url.Encode(packed.Bytes())},
		},
		by: by,
	}
	return f.jwt()
}

// sameJSON reports whether two values are written alike.
func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	first, err := strictjson.Canonical(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := strictjson.Canonical(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(first, second)
}

func verifying(t *testing.T, raw []byte, issuer party, nonce string) object {
	t.Helper()
	return object{
		"op": "verify", "token": string(raw), "issuer": issuer.public(), "nonce": nonce, "now": now.Unix(),
		"statusList": statusList(t, issuer),
	}
}

func TestOracleVerifiesWhatWeIssueAndPresent(t *testing.T) {
	var requests []object
	var ours []*Credential
	for _, by := range []party{university, agency, directory} {
		for _, holder := range []party{bergen, lisa} {
			d := offer(t)
			d.Issuer, d.KeyID, d.Curve, d.Holder = by.did, by.keyID, by.key.Curve(), holder.key
			token := parsed(t, issue(t, d, by))
			for _, paths := range [][]string{nil, {"guest.home.city", "nationalities[1]", "passport.*"}, {"*"}} {
				raw, err := token.Present(t.Context(), holder.sign, presenting(paths...))
				if err != nil {
					t.Fatal(err)
				}
				c, err := parsed(t, raw).VerifyPresentation(by.key, binding())
				if err != nil {
					t.Fatal(err)
				}
				ours = append(ours, c)
				requests = append(requests, verifying(t, raw, by, "n-1"))
			}
		}
	}
	for i, theirs := range ask(t, requests) {
		c := ours[i]
		if theirs.Error != "" || theirs.KB["aud"] != "did:web:udi.example" {
			t.Fatalf("%s by %s: %s, %v", c.Disclosed, c.Issuer, theirs.Error, theirs.KB)
		}
		if theirs.Payload["sub"] != c.Subject || theirs.Payload["vct"] != c.VCT {
			t.Errorf("theirs %v, ours %+v", theirs.Payload, c)
		}
		delete(theirs.Payload, "sub")
		for name := range neverDisclosed {
			delete(theirs.Payload, name)
		}
		if !sameJSON(t, theirs.Payload, c.Claims) {
			t.Errorf("they read %v, we read %v", theirs.Payload, c.Claims)
		}
	}
}

func TestOracleRefusesWhatIsNotOurs(t *testing.T) {
	raw := present(t, issue(t, offer(t), university), "birthdate")
	answers := ask(t, []object{
		verifying(t, raw, university, "n-1"),
		verifying(t, raw, university, "n-2"),
		verifying(t, raw, bergen, "n-1"),
	})
	for i, answer := range answers {
		if refused := answer.Error != ""; refused != (i > 0) {
			t.Errorf("answer %d: %s", i, answer.Error)
		}
	}
}

func TestWeVerifyWhatTheOracleIssuesAndPresents(t *testing.T) {
	names := func(names ...string) object { return object{"_sd": names} }
	type example struct {
		by, holder  party
		frame, show object
		shown       string
		disclosed   []string
	}
	var examples []example
	for _, e := range []example{
		{ // structured
			frame: object{"passport": names("document_number", "issuing_country"), "_sd": []string{"given_name", "birthdate"}},
			show:  object{"passport": object{"document_number": true}, "given_name": true},
			shown: `{"passport": {"document_number": "C01X0006H", "dates": {"from": "2024-01-01", "to": "2034-01-01"}}, "given_name": "Lisa",
				"family_name": "Müller", "nationalities": ["DE", "FR"], "guest": {"home": {"city": "Freiburg", "since": 2019}, "children": []},
				"employment": {"job_title": "Researcher", "annual_salary": 720000, "position_percentage": 87.5},
				"declarations": {"qualifications_confirmed": true, "remark": null}}`,
			disclosed: []string{"given_name", "passport.document_number"},
		},
		{ // recursive, with decoys
			frame: object{
				"guest": object{"_sd": []string{"home", "children"}, "_sd_decoy": 2, "home": names("city")},
				"_sd":   []string{"guest", "employment", "declarations", "passport", "nationalities"}, "_sd_decoy": 3,
			},
			show:      object{"guest": object{"home": object{"city": true}}},
			shown:     `{"guest": {"home": {"city": "Freiburg", "since": 2019}}, "given_name": "Lisa", "family_name": "Müller", "birthdate": "1990-02-03"}`,
			disclosed: []string{"guest", "guest.home", "guest.home.city"},
		},
		{ // array elements
			frame:     object{"nationalities": object{"_sd": []int{0, 1}}, "_sd": []string{"guest", "employment", "declarations", "passport"}},
			show:      object{"nationalities": object{"1": true}},
			shown:     `{"nationalities": ["FR"], "given_name": "Lisa", "family_name": "Müller", "birthdate": "1990-02-03"}`,
			disclosed: []string{"nationalities[0]"},
		},
	} {
		for _, e.by = range []party{university, agency, directory} {
			for _, e.holder = range []party{bergen, lisa} {
				examples = append(examples, e)
			}
		}
	}

	var requests []object
	for _, e := range examples {
		payload := tree(t, offerClaims)
		payload["iss"], payload["vct"], payload["iat"] = e.by.did, "https://schema.example/vct/offer/1", now.Unix()
		payload["exp"], payload["cnf"] = now.Add(time.Hour).Unix(), object{"jwk": e.holder.public()}
		requests = append(requests, object{
			"op": "issue", "payload": payload, "frame": e.frame, "issuer": e.by.private(), "header": object{"kid": e.by.keyID},
		})
	}
	issued := ask(t, requests)
	requests = nil
	for i, e := range examples {
		held, err := parsed(t, []byte(issued[i].Token)).Verify(e.by.key)
		if err != nil {
			t.Fatalf("example %d: %v", i, err)
		}
		if !reflect.DeepEqual(held.Claims, tree(t, offerClaims)) || held.Holder != e.holder.key {
			t.Errorf("example %d: held %+v", i, held)
		}
		requests = append(requests, object{
			"op": "present", "token": issued[i].Token, "frame": e.show, "holder": e.holder.private(),
			"aud": "did:web:udi.example", "nonce": "n-1", "iat": now.Unix(),
		})
	}
	for i, presented := range ask(t, requests) {
		e := examples[i]
		shown, err := parsed(t, []byte(presented.Token)).VerifyPresentation(e.by.key, binding())
		if err != nil {
			t.Fatalf("example %d: %v", i, err)
		}
		if !reflect.DeepEqual(shown.Claims, tree(t, e.shown)) || !reflect.DeepEqual(shown.Disclosed, e.disclosed) {
			t.Errorf("example %d: shown %v\ndisclosed %q", i, shown.Claims, shown.Disclosed)
		}
	}
}
