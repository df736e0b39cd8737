package status

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// exampleList is example 3 of Bitstring Status List 1.0, section 2.2.
const exampleList = `{
  "@context": [
    "https://www.w3.org/ns/credentials/v2"
  ],
  "id": "https://example.com/credentials/status/3",
  "type": ["VerifiableCredential", "BitstringStatusListCredential"],
  "issuer": "did:example:12345",
  "validFrom": "2021-04-05T14:27:40Z",
  "credentialSubject": {
    "id": "https://example.com/status/3#list",
    "type": "BitstringStatusList",
    "statusPurpose": "revocation",
    "encodedList": "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
  }
}`

func readList(t testing.TB, text string) (List, error) {
	t.Helper()
	doc, err := strictjson.ReadObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	form, err := vcdm.ReadCredential(doc)
	if err != nil {
		t.Fatal(err)
	}
	return ReadList(form)
}

func TestListOfTheSpecificationIsRead(t *testing.T) {
	list, err := readList(t, exampleList)
	if err != nil {
		t.Fatal(err)
	}
	entry := Entry{List: "https://example.com/credentials/status/3", Index: 94567, Purpose: Revocation}
	findings, err := list.Find("did:example:12345", []Entry{entry}, list.ValidFrom)
	if err != nil || len(findings) != 1 || findings[0].Value != 0 || Standing(findings) != nil {
		t.Error(findings, err)
	}
	if list.TTL != 0 || !list.ValidUntil.IsZero() || !list.Until(list.ValidFrom).IsZero() {
		t.Errorf("%+v", list)
	}
}

// One list may serve several purposes (section 3.2, step 5).
func TestAListServesThePurposesThatItNames(t *testing.T) {
	list, err := readList(t, strings.Replace(exampleList, `"revocation"`, `["revocation", "refresh", "message"]`, 1))
	if err != nil || !slices.Equal(list.Purposes, []Purpose{Revocation, Message}) {
		t.Fatal(list.Purposes, err)
	}
	if err := list.Bits.Set(7, true); err != nil {
		t.Fatal(err)
	}
	list.ValidUntil = list.ValidFrom.Add(time.Hour)
	at := func(p Purpose) Entry {
		return Entry{List: list.ID, Index: 7, Purpose: p, Messages: &Messages{Texts: []string{"no", "yes"}}}
	}
	findings, err := list.Find(list.Issuer, []Entry{at(Message), at(Revocation)}, list.ValidFrom)
	if err != nil || len(findings) != 2 || findings[0].Message != "yes" || findings[0].Err() != nil || fault.RuleOf(findings[1].Err()) != "status.revoked" {
		t.Error(findings, err)
	}
	if _, err := list.Find(list.Issuer, []Entry{at(Revocation), at(Suspension)}, list.ValidFrom); fault.RuleOf(err) != "status.wrong-list" {
		t.Error("a purpose that the list does not name", err)
	}
	wide := at(Message)
	wide.Messages = &Messages{Texts: make([]string, 4)}
	if _, err := list.Find(list.Issuer, []Entry{wide}, list.ValidFrom); fault.RuleOf(err) != "status.length" {
		t.Error("too few entries of that size", err)
	}
	written, err := json.Marshal(list.Document())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := readList(t, string(written)); err != nil || !slices.Equal(again.Purposes, list.Purposes) {
		t.Errorf("wrote %s: %v", written, err)
	}
}

func TestListsThatSayNothingAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, rule string }{
		"unknown purpose":   {`"revocation"`, `"refresh"`, "status.purpose"},
		"no purpose":        {`"revocation"`, `[]`, "status.purpose"},
		"purpose is number": {`"revocation"`, `7`, "status.purpose"},
		"many purposes":     {`"revocation"`, `["revocation"` + strings.Repeat(`, "x"`, maxPurposes) + `]`, "status.purpose"},
		"not a list":        {`"BitstringStatusListCredential"`, `"StatusList2021Credential"`, "status.type"},
		"list of else":      {`"BitstringStatusList",`, `"StatusList2021",`, "status.type"},
		"ttl is text":       {`"encodedList"`, `"ttl": "5", "encodedList"`, "status.ttl"},
		"ttl is negative":   {`"encodedList"`, `"ttl": -5, "encodedList"`, "status.ttl"},
		"ttl is long":       {`"encodedList"`, `"ttl": 31536000001, "encodedList"`, "status.ttl"},
		"no bits":           {`"encodedList"`, `"elsewhere"`, "status.encoding"},
	} {
		text := strings.Replace(exampleList, c.old, c.new, 1)
		if text == exampleList {
			t.Errorf("%s: nothing changed", name)
		}
		if _, err := readList(t, text); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}
