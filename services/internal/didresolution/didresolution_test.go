package didresolution_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didresolution"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const (
	key = "did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH"
	web = "did:web:issuer.example%3A8443:employers:310000019"
)

// documents resolves did:web as it is told, everything else by itself.
type documents struct {
	doc  *did.Document
	err  error
	name string
}

func (d *documents) Published(ctx context.Context, name string) (*did.Document, error) {
	d.name = name
	if !strings.HasPrefix(name, "did:web:") {
		return did.Static{}.Resolve(ctx, name)
	}
	if _, err := did.WebURL(name); err != nil {
		return nil, err
	}
	return d.doc, d.err
}

func ask(t *testing.T, d *documents, path, accept string) *httptest.ResponseRecorder {
	t.Helper()
	request := httptest.NewRequest("GET", didresolution.Path+path, nil)
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	answer := httptest.NewRecorder()
	didresolution.Handler(d).ServeHTTP(answer, request)
	return answer
}

type result struct {
	Document   json.RawMessage `json:"didDocument"`
	Resolution struct {
		ContentType string `json:"contentType"`
		Error       *struct{ Type, Title, Detail string }
	} `json:"didResolutionMetadata"`
	Metadata map[string]any `json:"didDocumentMetadata"`
}

func read(t *testing.T, answer *httptest.ResponseRecorder) result {
	t.Helper()
	var r result
	decoder := json.NewDecoder(answer.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil || r.Metadata == nil {
		t.Fatal(err, r)
	}
	return r
}

func TestResultHoldsTheDocumentAsItIsPublished(t *testing.T) {
	until := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	other, err := did.Static{}.Resolve(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	d := &documents{doc: &did.Document{ID: web, AssertionMethod: []string{web + "#1"}, VerificationMethod: []did.VerificationMethod{
		{ID: web + "#1", Controller: web, Key: other.VerificationMethod[0].Key, Expires: until},
	}}}
	// The DID as it is, and encoded once more (section 12.1, step 4).
	for _, path := range []string{web, "did%3Aweb%3Aissuer.example%253A8443%3Aemployers%3A310000019"} {
		answer := ask(t, d, path, "application/did-resolution")
		r := read(t, answer)
		doc, err := did.ParseFor(web, r.Document)
		if err != nil || d.name != web || answer.Code != 200 || r.Resolution.Error != nil || r.Resolution.ContentType != "application/did+ld+json" {
			t.Fatalf("%s: %d %v %+v", d.name, answer.Code, err, r)
		}
		if m, ok := doc.Method(web+"#1", did.AssertionMethod); !ok || !m.Expires.Equal(until) {
			t.Errorf("%+v", doc)
		}
	}
}

func TestAcceptDecidesTheForm(t *testing.T) {
	const result, profile = "application/did-resolution", `application/ld+json;profile="https://w3id.org/did-resolution"`
	for accept, want := range map[string]string{
		"":                        result,
		"*/*":                     result,
		result:                    result,
		"application/json":        "application/json",
		profile:                   profile,
		"application/did":         "application/did",
		"application/did+json":    "application/did+json",
		"application/did+ld+json": "application/did+ld+json",
		"application/ld+json":     "application/ld+json",
		"text/html, */*;q=0.8":    result,
		"application/did+json;q=0.5, application/did-resolution": result,
		"application/did+json, application/did-resolution;q=0.9": "application/did+json",
		"text/html;;, application/did":                           "application/did",
	} {
		answer := ask(t, &documents{}, key, accept)
		if got := answer.Header().Get("Content-Type"); answer.Code != 200 || got != want {
			t.Errorf("%q: %d %s, want %s", accept, answer.Code, got, want)
		}
		text := answer.Body.String()
		bare := strings.HasPrefix(want, "application/did") && want != result || want == "application/ld+json"
		if _, err := did.ParseFor(key, []byte(text)); (err == nil) != bare {
			t.Errorf("%q: %s", accept, text)
		}
		if strings.HasPrefix(text, `{"didDocument":{`) == bare {
			t.Errorf("%q: %s", accept, text)
		}
	}
	for _, accept := range []string{"text/html", "application/did+cbor", "application/did;q=0", "application/did;q=x", "application/did;q=2", "application/did;q=NaN", `application/ld+json;profile="x"`, "nonsense",
		strings.Repeat("text/html,", 32) + "application/did"} {
		answer := ask(t, &documents{}, key, accept)
		r := read(t, answer)
		if answer.Code != 406 || r.Resolution.Error == nil || r.Resolution.Error.Type != "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED" {
			t.Errorf("%q: %d %+v", accept, answer.Code, r)
		}
	}
}

func TestErrorsHaveTheirCodesAndStatus(t *testing.T) {
	fails := func(kind fault.Kind, rule string) *documents {
		return &documents{err: fault.New(kind, rule, "why it failed")}
	}
	for name, c := range map[string]struct {
		d      *documents
		path   string
		status int
		code   string
	}{
		"no DID":                {nil, "", 400, "INVALID_DID"},
		"nonsense":              {nil, "nonsense", 400, "INVALID_DID"},
		"bad encoding":          {nil, "did%3Aweb%3Aa.example%25zz", 400, "INVALID_DID"},
		"a DID URL":             {nil, key + "%23x", 400, "INVALID_DID"},
		"a path behind it":      {nil, key + "/x", 400, "INVALID_DID"},
		"6 long":                {nil, "did:example:" + strings.Repeat("x", 5000), 400, "INVALID_DID"},
		"a bad key":             {nil, "did:key:z6Mk", 400, "INVALID_DID"},
		"31 an address":         {nil, "did:web:127.0.0.1", 400, "INVALID_DID"},
		"32 a path upwards":     {nil, "did:web:a.example:%252e%252e%252f", 400, "INVALID_DID"},
		"an unknown method":     {nil, "did:example:1234", 501, "METHOD_NOT_SUPPORTED"},
		"an option":             {nil, key + "?versionId=1", 501, "FEATURE_NOT_SUPPORTED"},
		"short did:peer:4":      {nil, "did:peer:4zQmd8CpeFPci817KDsbSAKWcXAE2mjvCQSasRewvbSF54Bd", 404, "NOT_FOUND"},
		"404":                   {fails(fault.NotFound, "fetch.not-found"), web, 404, "NOT_FOUND"},
		"31 resolves inside":    {fails(fault.Invalid, "fetch.address-refused"), web, 404, "NOT_FOUND"},
		"31 a redirect":         {fails(fault.Invalid, "fetch.redirect"), web, 404, "NOT_FOUND"},
		"32 too large":          {fails(fault.Invalid, "fetch.too-large"), web, 500, "INVALID_DID_DOCUMENT"},
		"32 another's document": {fails(fault.Invalid, "did.document-id"), web, 500, "INVALID_DID_DOCUMENT"},
		"36 doubled members":    {fails(fault.Invalid, "json.duplicate-member"), web, 500, "INVALID_DID_DOCUMENT"},
		"a bad key in it":       {fails(fault.Invalid, "did.key"), web, 500, "INVALID_DID_DOCUMENT"},
		"does not answer":       {fails(fault.Unavailable, "fetch.timeout"), web, 500, "INTERNAL_ERROR"},
		"a mistake of ours":     {&documents{err: errors.New("secret")}, web, 500, "INTERNAL_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.d == nil {
				c.d = &documents{}
			}
			for _, accept := range []string{"", "application/did+json"} {
				answer := ask(t, c.d, c.path, accept)
				if got := answer.Header().Get("Content-Type"); answer.Code != c.status || got != "application/did-resolution" || strings.Contains(answer.Body.String(), "secret") || answer.Header().Get("Cache-Control") != "" {
					t.Fatalf("%d %s %s", answer.Code, got, answer.Body)
				}
				r := read(t, answer)
				if r.Resolution.Error == nil || r.Resolution.Error.Type != "https://www.w3.org/ns/did#"+c.code || r.Resolution.Error.Title == "" || string(r.Document) != "null" {
					t.Fatalf("%+v", r)
				}
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(key, "application/did-resolution")
	f.Add("did%3Aweb%3Aa.example", `application/ld+json;profile="https://w3id.org/did-resolution";q=0.5`)
	f.Fuzz(func(t *testing.T, path, accept string) {
		request := httptest.NewRequest("GET", didresolution.Path, nil)
		request.URL.Path, request.URL.RawPath = didresolution.Path+path, ""
		request.Header["Accept"] = []string{accept}
		answer := httptest.NewRecorder()
		didresolution.Handler(&documents{err: errors.New("down")}).ServeHTTP(answer, request)
		if !json.Valid(answer.Body.Bytes()) {
			t.Fatalf("%s", answer.Body)
		}
	})
}
