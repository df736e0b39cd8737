package status

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

func readOne(t testing.TB, text string) (Entry, error) {
	t.Helper()
	doc, err := strictjson.ReadObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	entries, err := ReadEntries([]strictjson.Value{doc})
	if err != nil {
		return Entry{}, err
	}
	return entries[0], nil
}

// exampleMessage is example 2 of Bitstring Status List 1.0, section 2.1, with
// the message that it leaves out.
const exampleMessage = `{
    "id": "https://example.com/credentials/status/8#492847",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "message",
    "statusListIndex": "492847",
    "statusSize": 2,
    "statusListCredential": "https://example.com/credentials/status/8",
    "statusMessage": [
        {"status":"0x0", "message":"pending_review"},
        {"status":"0x1", "message":"accepted"},
        {"status":"0x2", "message":"rejected"},
        {"status":"0x3", "message":"undefined"}
    ],
    "statusReference": "https://example.org/status-dictionary/"
  }`

// exampleRevocation is an entry of example 1.
const exampleRevocation = `{
    "id": "https://example.com/credentials/status/3#94567",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "94567",
    "statusListCredential": "https://example.com/credentials/status/3"
  }`

func TestEntriesOfTheSpecificationAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]Entry{
		exampleRevocation: {List: "https://example.com/credentials/status/3", Index: 94567, Purpose: Revocation},
		exampleMessage: {
			List: "https://example.com/credentials/status/8", Index: 492847, Purpose: Message,
			Messages: &Messages{Texts: []string{"pending_review", "accepted", "rejected", "undefined"}, References: []string{"https://example.org/status-dictionary/"}},
		},
	} {
		got, err := readOne(t, text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("read %+v, %v", got, err)
		}
		written, err := json.Marshal(want.Document())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readOne(t, string(written)); err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("wrote %s, %v", written, err)
		}
		stored, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var back Entry
		if err := json.Unmarshal(stored, &back); err != nil || !reflect.DeepEqual(back, want) {
			t.Errorf("stored %s", stored)
		}
	}
	several := Entry{List: "https://example.com/1", Purpose: Suspension, Messages: &Messages{Texts: []string{"", "x"}, References: []string{"https://example.com/a", "https://example.com/b"}}}
	written, _ := json.Marshal(several.Document())
	if got, err := readOne(t, string(written)); err != nil || !reflect.DeepEqual(got, several) || got.Size() != 1 {
		t.Errorf("several references: %s, %v", written, err)
	}
}

func TestEntriesThatNobodyCouldCheckAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, rule string }{
		"refresh":         {`"message",`, `"refresh",`, "status.purpose"},
		"unknown purpose": {`"message",`, `"Revocation",`, "status.purpose"},
		"no purpose":      {`"statusPurpose": "message",`, ``, "status.purpose"},
		"two purposes":    {`"statusPurpose": "message",`, `"statusPurpose": ["message"],`, "status.purpose"},
		"other type":      {`BitstringStatusListEntry`, `StatusList2021Entry`, "credential.status"},
		"unknown member":  {`"statusSize"`, `"validUntil": "never", "statusSize"`, "credential.status"},
		"list is no URL":  {`"https://example.com/credentials/status/8",`, `"status/8",`, "credential.status"},
		"list is long":    {`"https://example.com/credentials/status/8",`, `"https://example.com/` + strings.Repeat("8", maxURL) + `",`, "credential.status"},
		"id is the list":  {`8#492847`, `8`, "credential.status"},
		"size 0":          {`"statusSize": 2`, `"statusSize": 0`, "credential.status"},
		"size -1":         {`"statusSize": 2`, `"statusSize": -1`, "credential.status"},
		"size 9":          {`"statusSize": 2`, `"statusSize": 9`, "credential.status"},
		"size 2.0":        {`"statusSize": 2`, `"statusSize": 2.0`, "credential.status"},
		"size is text":    {`"statusSize": 2`, `"statusSize": "2"`, "credential.status"},
		"too few messages": {`,
        {"status":"0x3", "message":"undefined"}`, ``, "credential.status"},
		"too many for one bit":   {`"statusSize": 2,`, ``, "credential.status"},
		"a value twice":          {`"0x3"`, `"0x2"`, "credential.status"},
		"a value too large":      {`"0x3"`, `"0x4"`, "credential.status"},
		"a value without 0x":     {`"0x3"`, `"3"`, "credential.status"},
		"a value with a sign":    {`"0x3"`, `"0x+3"`, "credential.status"},
		"a message is missing":   {`, "message":"rejected"`, ``, "credential.status"},
		"a message is long":      {`rejected`, strings.Repeat("x", maxText+1), "credential.status"},
		"a message is no object": {`{"status":"0x3", "message":"undefined"}`, `"0x3"`, "credential.status"},
		"reference is no URL":    {`"https://example.org/status-dictionary/"`, `"dictionary"`, "credential.status"},
		"references are many":    {`"https://example.org/status-dictionary/"`, `[` + strings.Repeat(`"https://example.org/",`, maxReferences) + `"https://example.org/"]`, "credential.status"},
	} {
		text := strings.Replace(exampleMessage, c.old, c.new, 1)
		if text == exampleMessage {
			t.Errorf("%s: nothing changed", name)
		}
		if _, err := readOne(t, text); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	without := strings.Replace(exampleRevocation, `"type"`, `"statusSize": 2, "type"`, 1)
	if _, err := readOne(t, without); fault.RuleOf(err) != "credential.status" {
		t.Error("two bits without messages", err)
	}
	if _, err := ReadEntries(make([]strictjson.Value, maxEntries+1)); fault.RuleOf(err) != "credential.status" {
		t.Error("too many entries", err)
	}
}

func TestHostile33IndexesOfEntries(t *testing.T) {
	for _, index := range []string{`"-1"`, `"1048576"`, `"9223372036854775808"`, `"+1"`, `"01"`, `"1e3"`, `""`, `7`, `null`} {
		text := strings.Replace(exampleRevocation, `"94567"`, index, 1)
		if _, err := readOne(t, text); fault.RuleOf(err) != "status.index" {
			t.Errorf("33 index %s: %v", index, err)
		}
	}
	statuses, err := NewStatuses(8, MaxEntries) // the longest list there can be
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int64{-1, MaxEntries, 1 << 62, -1 << 63} {
		if _, err := statuses.Get(TokenEntry("https://example.com/1", index).Index); fault.RuleOf(err) != "status.index" {
			t.Errorf("33 index %d: %v", index, err)
		}
	}
}

func TestWhatAnEntryCanDo(t *testing.T) {
	for _, c := range []struct {
		entry   Entry
		value   int
		rule    string
		revokes bool
	}{
		{Entry{Purpose: Revocation}, 0, "", true},
		{Entry{Purpose: Revocation}, 1, "status.revoked", true},
		{Entry{Purpose: Suspension}, 0, "", false},
		{Entry{Purpose: Suspension}, 1, "status.suspended", false},
		{Entry{Purpose: Message}, 3, "", false},
		{Entry{Mechanism: TokenList}, 0, "", true},
		{Entry{Mechanism: TokenList}, 1, "status.revoked", true},
		{Entry{Mechanism: TokenList}, 2, "status.suspended", true},
		{Entry{Mechanism: TokenList}, 3, "status.value", true},
		{Entry{Mechanism: TokenList}, 255, "status.value", true},
	} {
		err := Finding{Entry: c.entry, Value: c.value}.Err()
		if c.rule == "" && err != nil || c.rule != "" && fault.RuleOf(err) != c.rule || c.entry.Revokes() != c.revokes {
			t.Errorf("%+v: %v, revokes %v", c, err, c.entry.Revokes())
		}
	}
	suspended, revoked := Finding{Entry: Entry{Purpose: Suspension}, Value: 1}, Finding{Entry: Entry{Purpose: Revocation}, Value: 1}
	if err := Standing([]Finding{suspended, revoked}); fault.RuleOf(err) != "status.revoked" {
		t.Error("a suspension hides a revocation", err)
	}
	if err := Standing([]Finding{{}, suspended}); fault.RuleOf(err) != "status.suspended" {
		t.Error(err)
	}
	if err := Standing(nil); err != nil {
		t.Error(err)
	}
}

func FuzzReadEntries(f *testing.F) {
	f.Add(exampleRevocation)
	f.Add(exampleMessage)
	f.Add(`{"type":"BitstringStatusListEntry","statusPurpose":"revocation","statusListIndex":"9223372036854775808","statusListCredential":"https://x.example"}`)
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := strictjson.ReadObject([]byte(text), strictjson.Limits{})
		if err != nil {
			return
		}
		entries, err := ReadEntries([]strictjson.Value{doc})
		if err != nil {
			return
		}
		e := entries[0]
		if e.Index < 0 || e.Index >= MaxEntries || e.Size() < 1 || e.Size() > maxSize || e.Messages != nil && len(e.Messages.Texts) != 1<<e.Size() {
			t.Fatalf("%+v", e)
		}
		written, err := json.Marshal(e.Document())
		if err != nil {
			t.Fatal(err)
		}
		if again, err := readOne(t, string(written)); err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v became %+v, %v", e, again, err)
		}
	})
}
