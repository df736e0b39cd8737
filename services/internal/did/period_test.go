package did

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestKeyCountsUntilItExpiresOrIsRevoked(t *testing.T) {
	for name, c := range map[string]struct {
		expires, revoked, at time.Time
		rule                 string
	}{
		"no period":                      {at: noon},
		"before it expires":              {expires: noon, at: noon.Add(-time.Nanosecond)},
		"when it expires":                {expires: noon, at: noon, rule: "did.key-expired"},
		"after it expired":               {expires: noon, at: noon.Add(time.Hour), rule: "did.key-expired"},
		"before it was revoked":          {revoked: noon, at: noon.Add(-time.Nanosecond)},
		"when it was revoked":            {revoked: noon, at: noon, rule: "did.key-revoked"},
		"after it was revoked":           {revoked: noon, at: noon.Add(time.Hour), rule: "did.key-revoked"},
		"revoked before it expires":      {expires: noon.Add(time.Hour), revoked: noon, at: noon, rule: "did.key-revoked"},
		"expired, revoked later":         {expires: noon, revoked: noon.Add(time.Hour), at: noon, rule: "did.key-expired"},
		"expired, then revoked for good": {expires: noon, revoked: noon.Add(-time.Hour), at: noon, rule: "did.key-revoked"},
	} {
		t.Run(name, func(t *testing.T) {
			err := VerificationMethod{Expires: c.expires, Revoked: c.revoked}.Check(c.at)
			if c.rule == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			wantRule(t, err, c.rule)
			if fault.KindOf(err) != fault.Denied {
				t.Fatal(err)
			}
		})
	}
}

func TestDocumentAtAnInstantHasTheKeysOfThen(t *testing.T) {
	doc, _, _ := webDocument(t)
	if doc.At(noon) != doc {
		t.Error("a document without periods is copied")
	}
	doc.VerificationMethod[0].Expires = noon
	if doc.At(noon.Add(-time.Second)) != doc {
		t.Error("a key is left out before its time")
	}
	later := doc.At(noon)
	if later.Authentication != nil || later.AssertionMethod != nil || len(later.KeyAgreement) != 1 || len(later.Service) != 1 {
		t.Errorf("%+v", later)
	}
	if len(doc.Authentication) != 1 || len(doc.VerificationMethod) != 2 {
		t.Error("the document itself was changed")
	}
}

func TestPeriodsReadAsTheyAreRendered(t *testing.T) {
	doc, _, _ := webDocument(t)
	doc.VerificationMethod[0].Expires = noon
	doc.VerificationMethod[0].Revoked = noon.Add(-time.Hour).Add(time.Millisecond)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`{"@context":["https://www.w3.org/ns/did/v1","https://w3id.org/security/multikey/v1"],`, `"expires":"2026-11-23T12:00:00Z"`, `"revoked":"2026-11-23T11:00:00.001Z"`} {
		if strings.Count(string(text), want) != 1 {
			t.Errorf("%s is not in %s", want, text)
		}
	}
	again, err := ParseFor(doc.ID, text)
	if err != nil || !reflect.DeepEqual(again, doc) {
		t.Fatalf("%v\n%+v\n%+v", err, again, doc)
	}
}

func TestDatesThatReadersDifferOnAreRefused(t *testing.T) {
	key := newKey(t, Ed25519, 1).Multibase()
	parse := func(member, value string) (*Document, error) {
		return Parse([]byte(`{"id":"did:a:b","verificationMethod":[{"id":"#1","type":"Multikey","controller":"did:a:b","publicKeyMultibase":"` + key + `","` + member + `":` + value + `}]}`))
	}
	for _, member := range []string{"expires", "revoked"} {
		for _, value := range []string{
			`""`, `"2026-11-23"`, `"2026-11-23T12:00:00"`, `"2026-11-23t12:00:00z"`, `"2026-11-23T12:00:00,5Z"`, `"2026-11-23T12:00:00.Z"`,
			`"2026-11-23T12:00Z"`, `"2026-11-23 12:00:00Z"`, `"2026-02-30T12:00:00Z"`, `"2026-11-23T25:00:00Z"`, `"2026-11-23T12:00:60Z"`,
			`"2026-11-23T12:00:00+15:00"`, `"2026-11-23T12:00:00+1:00"`, `"12026-11-23T12:00:00Z"`, `"-2026-11-23T12:00:00Z"`, `"0001-01-01T00:00:00Z"`,
			`"2026-11-23T12:00:00Z\n"`, `1795435200`, `["2026-11-23T12:00:00Z"]`, `{}`,
		} {
			if doc, err := parse(member, value); err == nil {
				t.Errorf("%s %s: %+v", member, value, doc)
			}
		}
		if _, err := parse(strings.ToUpper(member[:1])+member[1:], `"2026-11-23T12:00:00Z"`); err == nil {
			t.Errorf("%s in another case is passed over", member)
		}
	}
	doc, err := parse("expires", `"2026-11-23T13:00:00.000+01:00"`)
	if err != nil || !doc.VerificationMethod[0].Expires.Equal(noon) {
		t.Fatal(doc, err)
	}
}
