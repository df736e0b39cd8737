package vcapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/front"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
)

type object = map[string]any

// ports remember what they were asked, and answer as they are told.
type ports struct {
	order      vcapi.Order
	change     vcapi.Change
	derivation vcapi.Derivation
	data       string
	challenge  string
	domain     string

	signed []byte
	err    error
	report *credential.Report
}

func (p *ports) Issue(_ context.Context, order vcapi.Order) ([]byte, error) {
	p.order = order
	return p.signed, p.err
}

func (p *ports) ChangeStatus(_ context.Context, change vcapi.Change) error {
	p.change = change
	return p.err
}

func (p *ports) Derive(_ context.Context, want vcapi.Derivation) ([]byte, error) {
	p.derivation = want
	return p.signed, p.err
}

func (p *ports) Credential(_ context.Context, data []byte) (*verification.Credential, *credential.Report) {
	p.data = string(data)
	return nil, p.report
}

func (p *ports) Presentation(_ context.Context, data []byte, challenge, domain string) (*verification.Presentation, *credential.Report) {
	p.data, p.challenge, p.domain = string(data), challenge, domain
	return nil, p.report
}

const role rpc.Role = "tool"

func serve(t *testing.T) (*ports, *front.Front) {
	p := &ports{signed: []byte(`{"proof":1}`), report: reported()}
	routes := vcapi.Join(vcapi.Issuing(p), vcapi.Verifying(p), vcapi.Deriving(p))
	return p, front.Serve(t, front.Tokens{"token": {Role: role, Subject: "310000019"}}, routes, routes.For(role))
}

// reported is a report with these checks, each passed unless it has an error.
func reported(failures ...error) *credential.Report {
	r := credential.NewReport(credential.CheckForm)
	r.Record(credential.CheckForm, nil)
	for n, err := range failures {
		r.Record(fmt.Sprintf("check-%d", n), err)
	}
	return r
}

func refused(t *testing.T, a front.Answer, status int, rule string) {
	t.Helper()
	if a.Status != status || a.Rule != rule {
		t.Errorf("got %d %s, want %d %s: %s", a.Status, a.Rule, status, rule, a.Body)
	}
}

func TestRequestsAreReadStrictly(t *testing.T) {
	_, f := serve(t)
	big := func(n int) string { return `{"x":"` + strings.Repeat("y", n-8) + `"}` }
	for name, c := range map[string]struct {
		path, mediaType, body string
		status                int
		rule                  string
	}{
		"no media type":              {"/credentials/issue", "", `{}`, 415, "rpc.media-type"},
		"a form":                     {"/credentials/issue", "application/x-www-form-urlencoded", `credential=x`, 415, "rpc.media-type"},
		"bare to be issued":          {"/credentials/issue", "application/vc", `{}`, 415, "rpc.media-type"},
		"bare presentation":          {"/presentations/verify", "application/vp", `{}`, 415, "rpc.media-type"},
		"not JSON":                   {"/credentials/issue", "application/json", `{`, 400, "json.syntax"},
		"an array":                   {"/credentials/issue", "application/json", `[]`, 400, "json.type"},
		"nothing":                    {"/credentials/issue", "application/json", ``, 400, "json.syntax"},
		"no credential":              {"/credentials/issue", "application/json", `{}`, 400, "vcapi.request"},
		"null credential":            {"/credentials/verify", "application/json", `{"verifiableCredential":null}`, 400, "vcapi.request"},
		"a number":                   {"/credentials/issue", "application/json", `{"credential":7}`, 400, "json.not-an-object"},
		"unknown member":             {"/credentials/issue", "application/json", `{"credential":{},"x":1}`, 400, "vcapi.unknown-option"},
		"unknown option":             {"/credentials/verify", "application/json", `{"verifiableCredential":{},"options":{"x":1}}`, 400, "vcapi.unknown-option"},
		"unknown check":              {"/credentials/verify", "application/json", `{"verifiableCredential":{},"options":{"checks":["moon"]}}`, 400, "vcapi.unknown-option"},
		"36 duplicate member":        {"/credentials/issue", "application/json", `{"credential":{},"credential":{}}`, 400, "json.duplicate-member"},
		"36 duplicate inside":        {"/credentials/issue", "application/json", `{"credential":{"a":1,"a":2}}`, 400, "json.duplicate-member"},
		"36 another case":            {"/credentials/issue", "application/json", `{"Credential":{}}`, 400, "json.member-case"},
		"36 byte order mark":         {"/credentials/issue", "application/json", "\ufeff{}", 400, "json.byte-order-mark"},
		"36 10,000 levels":           {"/credentials/verify", "application/json", `{"verifiableCredential":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, 400, "json.too-deep"},
		"37 large credential":        {"/credentials/issue", "application/json", `{"credential":` + big(64<<10+1) + `}`, 413, "rpc.body-too-large"},
		"37 large request":           {"/credentials/issue", "application/json", `{"credential":{},"options":` + big(73<<10) + `}`, 413, "rpc.body-too-large"},
		"37 large credential, bare":  {"/credentials/verify", "application/vc", big(64<<10 + 1), 413, "rpc.body-too-large"},
		"37 large to be verified":    {"/credentials/verify", "application/json", `{"verifiableCredential":` + big(64<<10+1) + `}`, 413, "rpc.body-too-large"},
		"37 large presentation":      {"/presentations/verify", "application/json", `{"verifiablePresentation":` + big(512<<10+1) + `}`, 413, "rpc.body-too-large"},
		"37 large change":            {"/credentials/status", "application/json", big(17 << 10), 413, "rpc.body-too-large"},
		"37 large to be derived":     {"/credentials/derive", "application/json", `{"verifiableCredential":` + big(64<<10+1) + `}`, 413, "rpc.body-too-large"},
		"no challenge":               {"/presentations/verify", "application/json", `{"verifiablePresentation":{},"options":{"domain":"d"}}`, 400, "vcapi.challenge-required"},
		"no domain":                  {"/presentations/verify", "application/json", `{"verifiablePresentation":{},"options":{"challenge":"c"}}`, 400, "vcapi.challenge-required"},
		"a long challenge":           {"/presentations/verify", "application/json", `{"verifiablePresentation":{},"options":{"domain":"d","challenge":"` + strings.Repeat("c", 2049) + `"}}`, 400, "vcapi.challenge-required"},
		"a presentation unsecured":   {"/presentations/verify", "application/json", `{"presentation":{}}`, 400, "vcapi.unsecured"},
		"no credential's id":         {"/credentials/status", "application/json", `{"credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},"status":true}`, 400, "vcapi.credential-id"},
		"no status entry":            {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":[],"status":true}`, 400, "vcapi.request"},
		"no status":                  {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}}`, 400, "vcapi.status"},
		"status twice":               {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation","status":"1"},"status":true}`, 400, "vcapi.status"},
		"status of another kind":     {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},"status":2}`, 400, "vcapi.status"},
		"status of another type":     {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":{"type":"RevocationList2020Status","statusPurpose":"revocation"},"status":true}`, 400, "vcapi.status-type"},
		"another purpose":            {"/credentials/status", "application/json", `{"credentialId":"x","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"message"},"status":true}`, 400, "vcapi.status-purpose"},
		"a purpose twice":            {"/credentials/issue", "application/json", `{"credential":{},"options":{"credentialStatus":[{"type":"BitstringStatusListEntry","statusPurpose":"revocation"},{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}]}}`, 400, "vcapi.status-purpose"},
		"derived from W3C":           {"/credentials/derive", "application/json", `{"verifiableCredential":{"@context":["https://www.w3.org/ns/credentials/v2"],"type":["VerifiableCredential"],"proof":{}}}`, 400, "vcapi.not-derivable"},
		"derived from enveloped JWS": {"/credentials/derive", "application/json", `{"verifiableCredential":{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/vc+jwt,a.b.c"}}`, 400, "vcapi.not-derivable"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, f.Post(c.path, "token", c.mediaType, []byte(c.body)), c.status, c.rule)
		})
	}
	// A document of the largest size is read, whatever stands around it.
	a := f.Post("/credentials/verify", "token", "application/json; charset=utf-8", []byte(`{"verifiableCredential":`+big(64<<10)+`,"options":{"checks":["proof"]}}`))
	if a.Status != 200 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

func TestOrderSaysWhatTheCallerWants(t *testing.T) {
	p, f := serve(t)
	a := f.JSON("/credentials/issue", "token", object{"credential": object{"name": "x"}})
	want := vcapi.Order{Tenant: "310000019", Format: credential.DataIntegrity, Credential: object{"name": "x"}}
	if a.Status != 201 || string(a.Body) != `{"proof":1}` || fmt.Sprint(p.order) != fmt.Sprint(want) {
		t.Errorf("%d %s %+v", a.Status, a.Body, p.order)
	}
	p.signed = []byte("a.b.c")
	a = f.JSON("/credentials/issue", "token", object{"credential": object{}, "options": object{
		"credentialId": "urn:x:1", "format": "vc+jwt", "mandatoryPointers": []string{},
		"credentialStatus": []object{{"type": "BitstringStatusListEntry", "statusPurpose": "suspension"}, {"type": "BitstringStatusList", "statusPurpose": "revocation"}},
	}})
	if a.Status != 201 || string(a.Body) != `{"@context":["https://www.w3.org/ns/credentials/v2"],"id":"data:application/vc+jwt,a.b.c","type":"EnvelopedVerifiableCredential"}` {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if !slices.Equal(p.order.Status, []status.Purpose{status.Suspension, status.Revocation}) || p.order.Name != "urn:x:1" || p.order.Format != credential.JOSE {
		t.Errorf("%+v", p.order)
	}
	p.err = fault.New(fault.Conflict, "a.rule", "taken")
	refused(t, f.JSON("/credentials/issue", "token", object{"credential": object{}}), 409, "a.rule")
}

func TestChangeIsReadInEveryDraftsForm(t *testing.T) {
	p, f := serve(t)
	entry := func(more ...string) string {
		return `{"type":"BitstringStatusListEntry","statusPurpose":"revocation"` + strings.Join(more, "") + `}`
	}
	for body, want := range map[string]bool{
		`{"credentialId":"x","credentialStatus":` + entry() + `,"status":true}`:                                                               true,
		`{"credentialId":"x","credentialStatus":` + entry() + `,"status":false}`:                                                              false,
		`{"credentialId":"x","credentialStatus":[` + entry(`,"status":"1"`) + `]}`:                                                            true,
		`{"credentialId":"x","credentialStatus":[` + entry(`,"status":"0"`, `,"id":"https://a#7"`, `,"statusListIndex":"7"`) + `]}`:           false,
		`{"credentialId":"x","credentialStatus":` + entry(`,"statusListCredential":"https://a"`) + `,"status":true,"options":{"reason":"r"}}`: true,
	} {
		a := f.Post("/credentials/status", "token", "application/json", []byte(body))
		change := p.change
		if a.Status != 200 || change.Name != "x" || change.Tenant != "310000019" || change.By != rpc.HashToken("token") || change.Reason == "" ||
			len(change.Entries) != 1 || change.Entries[0].Set != want || change.Entries[0].Purpose != status.Revocation {
			t.Errorf("%s: %d %s %+v", body, a.Status, a.Body, change)
		}
		if strings.Contains(body, "reason") && (change.Reason != "r" || change.Entries[0].List != "https://a") ||
			strings.Contains(body, `"7"`) && (change.Entries[0].Index != "7" || change.Entries[0].ID != "https://a#7") {
			t.Errorf("%+v", change)
		}
		if !json.Valid(a.Body) || !bytes.Contains(a.Body, []byte(fmt.Sprintf(`"status":%t`, want))) {
			t.Errorf("%s", a.Body)
		}
	}
}

func TestReportIsTheAnswer(t *testing.T) {
	p, f := serve(t)
	ask := func() (front.Answer, object) {
		a := f.JSON("/credentials/verify", "token", object{"verifiableCredential": "a.b.c", "options": object{"returnCredential": true}})
		var members object
		if err := json.Unmarshal(a.Body, &members); err != nil {
			t.Fatal(err)
		}
		return a, members
	}
	a, members := ask()
	if a.Status != 200 || a.Header.Get("Content-Type") != "application/json" || members["verified"] != true || members["verifiableCredential"] != "a.b.c" || p.data != "a.b.c" {
		t.Errorf("%d %v", a.Status, members)
	}
	part := reported(fault.New(fault.Unavailable, "status.unreachable", "nobody knows"))
	for name, c := range map[string]struct {
		report      *credential.Report
		rule, title string
		status      int
		problems    int
	}{
		"failed":           {reported(fault.New(fault.Denied, "status.revoked", "it is revoked")), "status.revoked", "Not verified", 400, 1},
		"35 unfinished":    {part, "status.unreachable", "Cannot be verified now", 400, 1},
		"not made":         {credential.NewReport(credential.CheckProof), "credential.unchecked", "Cannot be verified now", 400, 1},
		"both":             {reported(fault.New(fault.Unavailable, "did.unreachable", "x"), fault.New(fault.Invalid, "credential.signature", "y")), "credential.signature", "Not verified", 400, 2},
		"in a part":        {&credential.Report{Checks: reported().Checks, Credentials: []*credential.Report{part}}, "status.unreachable", "Cannot be verified now", 400, 1},
		"our own mistake":  {reported(fmt.Errorf("secret")), "internal", "Something went wrong on our side", 500, 0},
		"nothing was done": {&credential.Report{}, "internal", "Something went wrong on our side", 500, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p.report = c.report
			a, members := ask()
			problems, _ := members["problemDetails"].([]any)
			if a.Status != c.status || a.Rule != c.rule || members["title"] != c.title || len(problems) != c.problems || members["verifiableCredential"] != nil {
				t.Errorf("%d %s %s", a.Status, a.Rule, a.Body)
			}
			if members["verified"] == true || bytes.Contains(a.Body, []byte("secret")) {
				t.Errorf("%s", a.Body)
			}
		})
	}
}

func TestPresentationIsVerifiedForItsChallenge(t *testing.T) {
	p, f := serve(t)
	a := f.JSON("/presentations/verify", "token", object{"verifiablePresentation": object{"a": 1}, "options": object{
		"challenge": "c", "domain": "d", "returnPresentation": true, "checks": []string{},
	}})
	if a.Status != 200 || p.challenge != "c" || p.domain != "d" || p.data != `{"a":1}` || !bytes.Contains(a.Body, []byte(`"verifiablePresentation":{"a":1}`)) {
		t.Errorf("%d %s %+v", a.Status, a.Body, p)
	}
}

func TestDerivationSaysFromWhat(t *testing.T) {
	p, f := serve(t)
	p.signed = []byte("a.b.c~")
	for from, want := range map[any]vcapi.Derivation{
		"cred_1":   {ID: "cred_1"},
		"a.b.c~d~": {SDJWT: []byte("a.b.c~d~")},
		`{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/dc+sd-jwt,a.b.c~d~"}`: {SDJWT: []byte("a.b.c~d~")},
	} {
		if text, _ := from.(string); strings.HasPrefix(text, "{") {
			from = json.RawMessage(text)
		}
		a := f.JSON("/credentials/derive", "token", object{"verifiableCredential": from, "options": object{"selectivePointers": []string{"/given_name"}}})
		want.Holder, want.Pointers = "310000019", []string{"/given_name"}
		if a.Status != 201 || fmt.Sprintf("%q", p.derivation) != fmt.Sprintf("%q", want) || !bytes.Contains(a.Body, []byte(`"id":"data:application/dc+sd-jwt,a.b.c~"`)) {
			t.Errorf("%d %s %q", a.Status, a.Body, p.derivation)
		}
	}
}

// Whatever is sent, a request is answered with JSON.
func FuzzRequest(f *testing.F) {
	f.Add("/credentials/issue", "application/json", []byte(`{"credential":{"a":1},"options":{"format":"vc+jwt","credentialStatus":[{"type":"BitstringStatusListEntry","statusPurpose":"revocation"}]}}`))
	f.Add("/credentials/verify", "application/vc", []byte(`{"@context":[]}`))
	f.Add("/credentials/verify", "application/json", []byte(`{"verifiableCredential":"a.b.c","options":{"checks":["proof"],"returnCredential":true}}`))
	f.Add("/presentations/verify", "application/json", []byte(`{"verifiablePresentation":{},"options":{"challenge":"c","domain":"d"}}`))
	f.Add("/credentials/status", "application/json", []byte(`{"credentialId":"x","credentialStatus":{"type":"BitstringStatusListEntry","statusPurpose":"suspension","status":"1"}}`))
	f.Add("/credentials/derive", "application/json", []byte(`{"verifiableCredential":{"@context":"https://www.w3.org/ns/credentials/v2","type":"EnvelopedVerifiableCredential","id":"data:application/dc+sd-jwt,a.b.c~d~"}}`))
	p := &ports{signed: []byte(`{}`), report: reported()}
	routes := vcapi.Join(vcapi.Issuing(p), vcapi.Verifying(p), vcapi.Deriving(p))
	f.Fuzz(func(t *testing.T, path, mediaType string, body []byte) {
		handler, known := routes["POST "+path]
		if !known {
			return
		}
		r := httptest.NewRequest("POST", path, bytes.NewReader(body))
		r.Header.Set("Content-Type", mediaType)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if !json.Valid(answer.Body.Bytes()) || answer.Code >= 500 {
			t.Fatalf("%d %s", answer.Code, answer.Body)
		}
	})
}
