package eventbus_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func granted() *eventbus.Event {
	return &eventbus.Event{
		ID: "8f14e45fceea167a5a36dedd4bea2543", Source: "https://udi.kompetansespor.example",
		Type: eventbus.TypeOf("decision.made"), Case: "case-7Q2",
		Time: time.Date(2026, 11, 22, 10, 0, 0, 123456000, time.UTC), TimeClass: eventbus.Human, Sequence: 3,
		Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data:        map[string]any{"outcome": "granted", "purposes": []any{"a", "b"}},
	}
}

func TestEventReadsAsItWasWritten(t *testing.T) {
	payload, err := granted().Encode()
	if err != nil {
		t.Fatal(err)
	}
	event, err := eventbus.Parse(payload)
	if err != nil {
		t.Fatal(err)
	}
	again, err := event.Encode()
	if err != nil || !bytes.Equal(again, payload) {
		t.Fatalf("%v\n%s\n%s", err, payload, again)
	}
	if event.Name() != "decision.made" || event.Sequence != 3 || event.Case != "case-7Q2" {
		t.Fatalf("%+v", event)
	}
	if eventbus.Subject("verifier", event.Case) != "ks.verifier.case-7Q2" {
		t.Fatal("subject")
	}
}

// Hostile input 57.
func TestUnknownVersionIsTellable(t *testing.T) {
	payload := change(t, func(m map[string]any) {
		m["type"] = "no.kompetansespor.decision.made.v2"
		m["something"] = "new"
	})
	if _, err := eventbus.Parse(payload); fault.RuleOf(err) != eventbus.RuleUnknownVersion {
		t.Fatalf("got %v", err)
	}
}

func TestBrokenEventsAreRefused(t *testing.T) {
	for rule, spoil := range map[string]func(map[string]any){
		"event.type":             func(m map[string]any) { m["type"] = "com.example.decision.made.v1" },
		"event.specversion":      func(m map[string]any) { m["specversion"] = "0.3" },
		"event.resource":         func(m map[string]any) { m["resource"] = "urn:altinn:resource:other" },
		"event.resourceinstance": func(m map[string]any) { m["resourceinstance"] = "case-8" },
		"event.datacontenttype":  func(m map[string]any) { m["datacontenttype"] = "text/plain" },
		"event.data":             func(m map[string]any) { delete(m, "data") },
		"event.sequence":         func(m map[string]any) { m["sequence"] = "0" },
		"event.time":             func(m map[string]any) { m["time"] = "2026-11-22T10:00:00+01:00" },
		"event.timeclass":        func(m map[string]any) { m["timeclass"] = "clerical" },
		"event.traceparent":      func(m map[string]any) { m["traceparent"] = "00-x" },
		"event.id":               func(m map[string]any) { m["id"] = "" },
		"event.subject":          func(m map[string]any) { m["subject"], m["resourceinstance"] = "a.>", "a.>" },
		"event.source":           func(m map[string]any) { m["source"] = "" },
		"event.personal-data":    func(m map[string]any) { m["data"] = map[string]any{"to": "lisa@example.com"} },
	} {
		if _, err := eventbus.Parse(change(t, spoil)); fault.RuleOf(err) != rule || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: got %v", rule, err)
		}
	}
	for name, payload := range map[string]string{
		"unknown member":      strings.Replace(string(change(t, nil)), `{`, `{"extra":1,`, 1),
		"repeated member":     strings.Replace(string(change(t, nil)), `{`, `{"id":"x",`, 1),
		"other case":          strings.Replace(string(change(t, nil)), `"id"`, `"ID"`, 1),
		"trailing data":       string(change(t, nil)) + "{}",
		"too large":           `{"id":"` + strings.Repeat("x", eventbus.MaxPayload) + `"}`,
		"not JSON":            "x",
		"empty":               "",
		"identity number":     string(change(t, func(m map[string]any) { m["data"] = map[string]any{"a": []any{"nr 12345678901"}} })),
		"account as a number": string(change(t, func(m map[string]any) { m["data"] = map[string]any{"a": json.Number("12345678901")} })),
	} {
		if _, err := eventbus.Parse([]byte(payload)); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestPersonalDataCannotBeEncoded(t *testing.T) {
	e := granted()
	e.Data["note"] = "call 01019012345 today"
	if _, err := e.Encode(); fault.RuleOf(err) != "event.personal-data" {
		t.Fatalf("got %v", err)
	}
}

func change(t *testing.T, spoil func(map[string]any)) []byte {
	t.Helper()
	payload, err := granted().Encode()
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(payload, &members); err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(members)
	}
	payload, err = json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func FuzzParse(f *testing.F) {
	payload, err := granted().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add([]byte(`{"type":"no.kompetansespor.a.b.v2"}`))
	f.Add([]byte(`{"sequence":"9999999999999999"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		event, err := eventbus.Parse(payload)
		if err != nil {
			return
		}
		again, err := event.Encode()
		if err != nil {
			t.Fatalf("read but cannot be written: %v", err)
		}
		if _, err := eventbus.Parse(again); err != nil {
			t.Fatalf("written but cannot be read: %v", err)
		}
	})
}
