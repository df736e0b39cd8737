package sdjwt

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// vectors are the examples of RFC 9901: testdata/rfc9901.json says where each
// stands.
type vectors struct {
	IssuerKey did.JWK `json:"issuer_key"`
	Nonce     string
	Aud       string
	Made      int64 `json:"kb_iat"`
	Spellings []string
	Digests   []struct{ Section, Disclosure, Digest string }
	Examples  []struct {
		Section, Title string
		Payload        json.RawMessage // what is signed
		Disclosures    []struct{ Disclosure, Digest string }
		Claims         json.RawMessage // all disclosed
		Issued         string          // empty when none is printed
		Presentation   string
		Processed      json.RawMessage // of the presentation
	}
}

func readVectors(t testing.TB) vectors {
	t.Helper()
	data, err := os.ReadFile("testdata/rfc9901.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// kindOf is the kind of a printed example: most are typed as examples, those
// of appendix A.3 as credentials.
func kindOf(section string) kind {
	if section == "A.3" {
		return credentialKind
	}
	return kind{"example+sd-jwt", "sdjwt."}
}

func TestDigestsOfRFC9901(t *testing.T) {
	v := readVectors(t)
	for _, d := range v.Digests {
		if got := digest(d.Disclosure); got != d.Digest {
			t.Errorf("section %s: digest %s, want %s", d.Section, got, d.Digest)
		}
		if _, err := oneDisclosure(d.Disclosure); err != nil {
			t.Errorf("section %s: %v", d.Section, err)
		}
	}
	// Section 4.2.1: one claim may be spelled in several ways.
	for _, encoded := range v.Spellings {
		d, err := oneDisclosure(encoded)
		if err != nil || d.name != "family_name" || !d.value.Is("Möbius") {
			t.Errorf("%s reads %+v, %v", encoded, d, err)
		}
	}
}

func TestExamplesOfRFC9901(t *testing.T) {
	v := readVectors(t)
	issuer, err := v.IssuerKey.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range v.Examples {
		t.Run(e.Section+" "+e.Title, func(t *testing.T) {
			payload := tree(t, string(e.Payload))
			var all []disclosure
			for _, d := range e.Disclosures {
				if got := digest(d.Disclosure); got != d.Digest {
					t.Errorf("digest %s, want %s", got, d.Digest)
				}
				read, err := oneDisclosure(d.Disclosure)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, read)
			}
			same := func(payload strictjson.Value, disclosures []disclosure, want json.RawMessage) {
				t.Helper()
				claims, err := process(payload, disclosures, nil)
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(claims.tree, tree(t, string(want))) {
					t.Errorf("processed %v\nwant %s", claims.tree, want)
				}
			}
			same(value(t, payload), all, e.Claims)

			for _, raw := range []string{e.Issued, e.Presentation} {
				if raw == "" {
					continue
				}
				token, err := parse([]byte(raw), kindOf(e.Section))
				if err != nil {
					t.Fatal(err)
				}
				if string(token.Raw()) != raw || !reflect.DeepEqual(token.jwt.payload.Map(), payload) {
					t.Error("the token is not read as it is printed")
				}
				if err := token.jwt.verify(issuer); err != nil {
					t.Error(err)
				}
				if raw == e.Issued {
					same(token.jwt.payload, token.disclosures, e.Claims)
					continue
				}
				same(token.jwt.payload, token.disclosures, e.Processed)
				if !token.Bound() {
					continue
				}
				if token.Holder, err = readHolder(token.jwt.payload.Get("cnf")); err != nil {
					t.Fatal(err)
				}
				b := Binding{Audience: v.Aud, Nonce: v.Nonce, Now: time.Unix(v.Made, 0)}
				if err := b.check(token); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// What is issued from the claims of an example is read as the same claims.
func TestExamplesOfRFC9901AreIssued(t *testing.T) {
	for _, e := range readVectors(t).Examples {
		claims := tree(t, string(e.Claims))
		for name := range neverDisclosed {
			delete(claims, name)
		}
		delete(claims, "sub")
		d := offer(t)
		d.Claims = claims
		for name := range claims {
			d.Disclosable = append(d.Disclosable, path{{name: name}}.String())
		}
		d.Disclosable = append(d.Disclosable, "address.*", "nationalities[]", "verified_claims.*.*", "age_equal_or_over.*")
		c, err := parsed(t, issue(t, d, university)).Verify(university.key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := strictjson.Canonical(c.Claims)
		if err != nil {
			t.Fatal(err)
		}
		want, err := strictjson.Canonical(claims)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s: %s, want %s", e.Section, got, want)
		}
	}
}
