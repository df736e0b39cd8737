package payments

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

const anOrder = `{"order":{"items":[{"reference":"f","name":"Fee","quantity":1,"unit":"pcs","unitPrice":630000,"grossTotalAmount":630000,"netTotalAmount":630000}],
	"amount":630000,"currency":"NOK","reference":"case_1"},
	"checkout":{"integrationType":"HostedPaymentPage","returnUrl":"https://udi.example/fee/back","termsUrl":"https://udi.example/terms","charge":true}}`

type standin struct {
	*testing.T
	*Server
}

func open(t *testing.T, dir string) standin {
	t.Helper()
	s, err := New(Config{BaseURL: "http://127.0.0.1:1/payments", Secret: "secret", Dir: dir, Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return standin{t, s}
}

func (s standin) do(method, path, body string, into any) int {
	s.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "secret")
	if strings.HasPrefix(path, "/pay/") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if into != nil {
		if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
			s.Errorf("%s %s answered %q", method, path, w.Body.String())
		}
	}
	return w.Code
}

type created struct{ PaymentID, HostedPaymentPageURL string }

type retrieved struct {
	Payment struct {
		Summary      struct{ ChargedAmount int64 }
		OrderDetails struct{ Reference, Currency string }
	}
}

func TestPaymentIsOrderedPaidAndSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var p, again created
	if code := s.do(http.MethodPost, "/v1/payments", anOrder, &p); code != http.StatusCreated || p.PaymentID == "" {
		t.Fatalf("%d, %+v", code, p)
	}
	s.do(http.MethodPost, "/v1/payments", anOrder, &again)
	if again != p {
		t.Error("the same reference was ordered twice")
	}
	if code := s.do(http.MethodPost, "/v1/payments", strings.ReplaceAll(anOrder, "630000", "1"), nil); code != http.StatusConflict {
		t.Errorf("another amount for the reference: %d", code)
	}
	page, err := url.Parse(p.HostedPaymentPageURL)
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(page.Path, "/payments")
	if code := s.do(http.MethodGet, path, "", nil); code != http.StatusOK {
		t.Errorf("the page answered %d", code)
	}
	var before, after retrieved
	s.do(http.MethodGet, "/v1/payments/"+p.PaymentID, "", &before)
	if code := s.do(http.MethodPost, path, "", nil); code != http.StatusSeeOther {
		t.Errorf("paying answered %d", code)
	}
	open(t, dir).do(http.MethodGet, "/v1/payments/"+p.PaymentID, "", &after)
	if before.Payment.Summary.ChargedAmount != 0 || after.Payment.Summary.ChargedAmount != 630000 || after.Payment.OrderDetails.Reference != "case_1" {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

func TestOrderThatDoesNotAddUpIsRefused(t *testing.T) {
	s := open(t, "")
	for name, body := range map[string]string{
		"no JSON": "{", "items differ": strings.Replace(anOrder, `"grossTotalAmount":630000`, `"grossTotalAmount":1`, 1),
		"no reference": strings.Replace(anOrder, "case_1", "", 1), "another checkout": strings.Replace(anOrder, "HostedPaymentPage", "EmbeddedCheckout", 1),
	} {
		if code := s.do(http.MethodPost, "/v1/payments", body, nil); code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, code)
		}
	}
}

func TestStandInWantsItsSecretAndCanBeDown(t *testing.T) {
	s := open(t, "")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/payments", strings.NewReader(anOrder)))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("without the secret: %d", w.Code)
	}
	if err := s.SetMode("down"); err != nil {
		t.Fatal(err)
	}
	if code := s.do(http.MethodPost, "/v1/payments", anOrder, nil); code != http.StatusServiceUnavailable {
		t.Errorf("down: %d", code)
	}
	if s.SetMode("odd") == nil {
		t.Error("a mode that is none was taken")
	}
}
