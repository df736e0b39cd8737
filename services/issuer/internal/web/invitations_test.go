package web_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/store"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/web"
)

const uio = "310000019"

type everybody struct{}

func (everybody) Accredited(context.Context, string, string, time.Time) (trustlist.Entity, error) {
	return trustlist.Entity{OrganisationNumber: uio, AccreditationID: "acc_7"}, nil
}

// open is the pages, and an offer with its code.
func open(t *testing.T, perMinute int64) (http.Handler, desk.Record, offer.CollectionCode) {
	t.Helper()
	h := harness.Open(t, "issuer", store.Migrations())
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore()}, Agent: h.Agent, Outbox: h.Outbox, Trust: everybody{},
		Clock: h.Clock, Random: rand.Reader, Rules: offer.DefaultRules(identifier.Synthetic), Zone: time.UTC,
		Tenants:   []desk.Tenant{{OrganisationNumber: uio, LegalName: "University of Oslo", ContactEmail: "hr@uio.example.com", DID: h.DID}},
		PublicURL: "https://issuer.kompetansespor.example",
	})
	d.Issuer = h.Issuer
	raw, err := json.Marshal(synthetic.Offers(3, 1, harness.Start, synthetic.Employer{OrganisationNumber: uio})[0])
	if err != nil {
		t.Fatal(err)
	}
	var form offer.Form
	if err := json.Unmarshal(raw, &form); err != nil {
		t.Fatal(err)
	}
	record, code, err := d.Issue(t.Context(), desk.Signing{Tenant: uio, IdempotencyKey: "key-000001", Form: form, CodeForm: offer.Words})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, handler := range web.Routes(d, cache.NewLimiter(cache.NewMemory(h.Clock, 0, 0), h.Clock, "find-offer", perMinute, time.Minute)) {
		mux.Handle(pattern, handler)
	}
	return mux, record, code
}

func post(h http.Handler, body, from string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/invitations", strings.NewReader(body))
	r.RemoteAddr = from
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func body(number, code string) string {
	raw, _ := json.Marshal(map[string]string{"offer_number": number, "collection_code": code})
	return string(raw)
}

func TestInvitationIsFoundByNumberAndWords(t *testing.T) {
	h, r, code := open(t, 100)
	w := post(h, body(string(r.Offer.Number()), string(code)), "192.0.2.1:1000")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != didcomm.PlainMediaType || w.Header().Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if m, err := didcomm.ParseInvitation(w.Body.Bytes()); err != nil || m.ID != r.Offer.ID() {
		t.Errorf("%v %v", m, err)
	}
	// What is wrong cannot be told from the answer.
	var seen []string
	for _, b := range []string{body(string(r.Offer.Number()), "abacus abacus abacus abacus"), body("26-999999-A", string(code)), body("", "")} {
		w := post(h, b, "192.0.2.1:1000")
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", b, w.Code)
		}
		var problem map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &problem); err != nil {
			t.Fatal(err)
		}
		delete(problem, "trace_id")
		raw, _ := json.Marshal(problem)
		seen = append(seen, string(raw))
	}
	if seen[0] != seen[1] || seen[1] != seen[2] || !strings.Contains(seen[0], "offer.number-or-code") {
		t.Errorf("answers %q", seen)
	}
}

func TestLookingForOffersIsLimitedAndBounded(t *testing.T) {
	h, r, code := open(t, 5)
	good := body(string(r.Offer.Number()), string(code))
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"no JSON":        {"offer_number=1", http.StatusBadRequest},
		"another member": {`{"offer_number":"1","collection_code":"2","admin":true}`, http.StatusBadRequest},
		"a member twice": {`{"offer_number":"1","offer_number":"2"}`, http.StatusBadRequest},
		"too large":      {body(strings.Repeat("1", 2000), "x"), http.StatusRequestEntityTooLarge},
	} {
		if w := post(h, c.body, "192.0.2.9:1"); w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	for range 5 {
		post(h, body("26-999999-A", "x"), "192.0.2.1:1000")
	}
	if w := post(h, good, "192.0.2.1:2000"); w.Code != http.StatusTooManyRequests {
		t.Errorf("the sixth of one address: %d", w.Code)
	}
	if w := post(h, good, "192.0.2.2:1000"); w.Code != http.StatusOK {
		t.Errorf("another address: %d", w.Code)
	}
}
