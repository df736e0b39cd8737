package didcomm

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func wantRule(t testing.TB, err error, rule string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", rule)
	}
	if got := fault.RuleOf(err); got != rule {
		t.Fatalf("rule %s, want %s: %v", got, rule, err)
	}
}

func full() *Message {
	return &Message{
		ID: "1", Type: TypeOfferCredential, From: "did:example:a", To: []string{"did:example:b"}, Thid: "t", Pthid: "p",
		CreatedTime: 1700000000, ExpiresTime: 1700000100, Body: json.RawMessage(`{"a":"<&>"}`),
		Attachments: []Attachment{
			NewAttachment("x", "application/vc+ld+json", "w3c", []byte(`{"exact": "bytes"}`)),
			{ID: "y", Description: "d", JSON: json.RawMessage(`{"b":1}`), JWS: json.RawMessage(`{"signature":"s"}`)},
		},
		Headers: map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	}
}

func TestMessagesReadAsTheyAreWritten(t *testing.T) {
	m := full()
	data, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, m) {
		t.Fatalf("got %+v\nwant %+v", got, m)
	}
	if bytes, err := got.Attachments[0].Bytes(); err != nil || string(bytes) != `{"exact": "bytes"}` {
		t.Fatalf("%s %v", bytes, err)
	}
	if bytes, err := got.Attachments[1].Bytes(); err != nil || string(bytes) != `{"b":1}` {
		t.Fatalf("%s %v", bytes, err)
	}
	if a, ok := got.AttachmentOf("w3c"); !ok || a.ID != "x" {
		t.Fatal(a)
	}
	if !strings.Contains(string(data), PlainMediaType) {
		t.Fatal("no typ")
	}
}

func TestAMessageWithoutThidBeginsAThread(t *testing.T) {
	if m := (&Message{ID: "1"}); m.Thread() != "1" {
		t.Fatal(m.Thread())
	}
	if m := (&Message{ID: "1", Thid: "0"}); m.Thread() != "0" {
		t.Fatal(m.Thread())
	}
}

func TestUnknownHeadersAreSkippedAndTracesKept(t *testing.T) {
	m, err := Parse([]byte(`{"id":"1","type":"a:b","x":[1],"please_ack":[""],"traceparent":"00-1","accept-lang":"nb"}`))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m.Headers, map[string]string{"traceparent": "00-1"}) {
		t.Fatal(m.Headers)
	}
	for _, odd := range []string{`1`, `null`, `{}`, `"` + strings.Repeat("a", 600) + `"`} {
		m, err := Parse([]byte(`{"id":"1","type":"a:b","traceparent":` + odd + `}`))
		if err != nil || m.Headers != nil {
			t.Fatal(odd, m, err)
		}
	}
}

func TestExpiry(t *testing.T) {
	m := &Message{ExpiresTime: 100}
	if m.Expired(99) || !m.Expired(100) || (&Message{}).Expired(1<<60) {
		t.Fatal("expiry")
	}
}

func TestBodiesAreReadStrictly(t *testing.T) {
	var body struct {
		Code string `json:"code"`
	}
	m := &Message{Body: json.RawMessage(`{"Code":"x"}`)}
	if err := m.DecodeBody(&body); err == nil {
		t.Fatal("a member in another case")
	}
	if err := (&Message{}).DecodeBody(&body); err != nil {
		t.Fatal(err)
	}
}

func TestOddMessagesAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               ``,
		"null":                `null`,
		"list":                `[]`,
		"no id":               `{"type":"a:b"}`,
		"no type":             `{"id":"1"}`,
		"type without scheme": `{"id":"1","type":"ping"}`,
		"id a number":         `{"id":1,"type":"a:b"}`,
		"id with a line":      `{"id":"1\n2","type":"a:b"}`,
		"id too long":         `{"id":"` + strings.Repeat("1", 200) + `","type":"a:b"}`,
		"thid with a space":   `{"id":"1","type":"a:b","thid":"a b"}`,
		"pthid with a quote":  `{"id":"1","type":"a:b","pthid":"a\""}`,
		"typ of another":      `{"id":"1","type":"a:b","typ":"JWT"}`,
		"from no DID":         `{"id":"1","type":"a:b","from":"alice"}`,
		"from a key":          `{"id":"1","type":"a:b","from":"did:a:b#c"}`,
		"to as text":          `{"id":"1","type":"a:b","to":"did:a:b"}`,
		"to no DID":           `{"id":"1","type":"a:b","to":[""]}`,
		"to too many":         `{"id":"1","type":"a:b","to":["did:a:b"` + strings.Repeat(`,"did:a:b"`, 32) + `]}`,
		"time as text":        `{"id":"1","type":"a:b","created_time":"now"}`,
		"time as a fraction":  `{"id":"1","type":"a:b","expires_time":1.5}`,
		"time before 1970":    `{"id":"1","type":"a:b","expires_time":-1}`,
		"time 2^53+1":         `{"id":"1","type":"a:b","expires_time":9007199254740993}`,
		"body a list":         `{"id":"1","type":"a:b","body":[]}`,
		"body null":           `{"id":"1","type":"a:b","body":null}`,
		"doubled id":          `{"id":"1","id":"2","type":"a:b"}`,
		"doubled in body":     `{"id":"1","type":"a:b","body":{"x":1,"x":2}}`,
		"id in capitals":      `{"id":"1","ID":"2","type":"a:b"}`,
		"rotated DID":         `{"id":"1","type":"a:b","from_prior":"eyJ"}`,
		"attachment link":     `{"id":"1","type":"a:b","attachments":[{"data":{"links":["https://a.example"],"hash":"x"}}]}`,
		"attachment link too": `{"id":"1","type":"a:b","attachments":[{"data":{"json":{},"links":[]}}]}`,
		"attachment of none":  `{"id":"1","type":"a:b","attachments":[{"data":{}}]}`,
		"attachment of both":  `{"id":"1","type":"a:b","attachments":[{"data":{"json":{},"base64":"e30"}}]}`,
		"attachment base64":   `{"id":"1","type":"a:b","attachments":[{"data":{"base64":"e30="}}]}`,
		"attachment case":     `{"id":"1","type":"a:b","attachments":[{"Data":{"base64":"e30"}}]}`,
		"attachments 17":      `{"id":"1","type":"a:b","attachments":[{"data":{"base64":""}}` + strings.Repeat(`,{"data":{"base64":""}}`, 16) + `]}`,
		"trailing":            `{"id":"1","type":"a:b"}{}`,
		"deep":                `{"id":"1","type":"a:b","body":{"x":` + strings.Repeat("[", 10000) + strings.Repeat("]", 10000) + `}}`,
		"byte order mark":     "\ufeff" + `{"id":"1","type":"a:b"}`,
		"large":               `{"id":"1","type":"a:b","body":{"x":"` + strings.Repeat("x", MaxMessage) + `"}}`,
	} {
		m, err := Parse([]byte(text))
		if err == nil {
			t.Errorf("%s: %+v", name, m)
		} else if fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOddMessagesAreNotWritten(t *testing.T) {
	for name, alter := range map[string]func(*Message){
		"no id":   func(m *Message) { m.ID = "" },
		"no type": func(m *Message) { m.Type = "" },
		"to":      func(m *Message) { m.To = []string{"bob"} },
		"body":    func(m *Message) { m.Body = json.RawMessage(`[]`) },
		"broken":  func(m *Message) { m.Body = json.RawMessage(`{`) },
		"large":   func(m *Message) { m.Attachments[0].Base64 = strings.Repeat("A", MaxMessage) },
	} {
		m := full()
		alter(m)
		if data, err := m.Render(); err == nil {
			t.Errorf("%s: %.100s", name, data)
		}
	}
}

func invitation() *Message {
	return &Message{ID: "i-1", Type: TypeInvitation, From: "did:web:issuer.example", Body: json.RawMessage(`{"goal_code":"issue-vc","accept":["didcomm/v2"]}`)}
}

func TestInvitationsTravelInALink(t *testing.T) {
	link, err := InvitationURL("https://issuer.example/offer?lang=nb", invitation())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(link, "https://issuer.example/offer?") || !strings.Contains(link, "lang=nb") {
		t.Fatal(link)
	}
	m, err := ParseInvitationURL(" " + link + "\n")
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, invitation()) {
		t.Fatalf("%+v", m)
	}
	var body InvitationBody
	if err := m.DecodeBody(&body); err != nil || body.GoalCode != "issue-vc" {
		t.Fatal(body, err)
	}
}

// The example of DIDComm v2.1, section "Out Of Band Messages".
func TestInvitationOfTheSpecificationIsRead(t *testing.T) {
	text := `{"type":"https://didcomm.org/out-of-band/2.0/invitation","id":"69212a3a-d068-4f9d-a2dd-4741bca89af3","from":"did:example:alice","body":{"goal_code":"","goal":""},"attachments":[{"id":"request-0","media_type":"application/json","data":{"json":{"a":1}}}]}`
	m, err := ParseInvitationURL("https://example.com/path?_oob=" + NewAttachment("", "", "", []byte(text)).Base64)
	if err != nil {
		t.Fatal(err)
	}
	if m.From != "did:example:alice" || len(m.Attachments) != 1 {
		t.Fatalf("%+v", m)
	}
}

func TestOddInvitationsAreRefused(t *testing.T) {
	offer := full()
	_, err := InvitationURL("https://a.example", offer)
	wantRule(t, err, "didcomm.invitation")
	for _, page := range []string{"", "/x", "https://a.example#x", "https://a.example?_oob=x", "::"} {
		_, err := InvitationURL(page, invitation())
		wantRule(t, err, "didcomm.invitation-page")
	}
	large := invitation()
	large.Body = json.RawMessage(fmt.Sprintf(`{"goal":%q}`, strings.Repeat("x", MaxInvitationURL)))
	_, err = InvitationURL("https://a.example", large)
	wantRule(t, err, "didcomm.invitation-size")
	data, err := offer.Render()
	if err != nil {
		t.Fatal(err)
	}
	good, err := InvitationURL("https://a.example", invitation())
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{
		"", "https://a.example", "https://a.example?_oob=", "https://a.example?_oob=e30", "https://a.example?_oob=!!", "::",
		"https://a.example?_oob=" + NewAttachment("", "", "", data).Base64, good + "&_oob=x", good + "=",
		"https://a.example?_oob=" + strings.Repeat("A", MaxInvitationURL),
	} {
		if m, err := ParseInvitationURL(link); err == nil {
			t.Errorf("%.60s: %+v", link, m)
		}
	}
}

func FuzzParse(f *testing.F) {
	data, err := full().Render()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"id":"1","type":"a:b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Parse(data)
		if err != nil {
			return
		}
		again, err := m.Render()
		if err != nil {
			if fault.RuleOf(err) == "didcomm.size" {
				return
			}
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
	})
}

func FuzzParseInvitationURL(f *testing.F) {
	link, err := InvitationURL("https://a.example", invitation())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(link)
	f.Fuzz(func(t *testing.T, link string) {
		if m, err := ParseInvitationURL(link); err == nil && m.Type != TypeInvitation {
			t.Fatal(m.Type)
		}
	})
}
