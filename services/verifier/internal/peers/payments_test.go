package peers

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/standins/payments"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// provider is the client and the stand-in that it speaks to over HTTP.
type provider struct {
	Payments
	standin *payments.Server
	base    string
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/payments", p.standin).ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.base = server.URL + "/payments"
	var err error
	p.standin, err = payments.New(payments.Config{BaseURL: p.base, Secret: "secret", Dir: t.TempDir(), Random: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	p.Payments = Payments{URL: p.base, Secret: "secret", ReturnURL: "https://udi.example/fee/paid", TermsURL: "https://udi.example/terms", HTTP: fetch.Registers(nil)}
	return p
}

// pay is the payer at the page; amount is in øre, "" for all of it.
func (p *provider) pay(t *testing.T, page, amount string) (back *url.URL) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page, strings.NewReader(url.Values{"amount": {amount}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := fetch.Registers(nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, err = answer.Location()
	if err != nil {
		t.Fatal(err)
	}
	return back
}

var fee = desk.PaymentOrder{Reference: "case_1", Amount: 630000, Currency: "NOK"}

func TestPaymentIsOrderedOncePaidAndSeen(t *testing.T) {
	p := newProvider(t)
	first, err := p.Create(t.Context(), fee)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := p.Create(t.Context(), fee); err != nil || again != first {
		t.Errorf("ordered again: %+v, %v", again, err)
	}
	if said, err := p.Status(t.Context(), first.ID); err != nil || said != (casefile.Payment{Reference: "case_1", Currency: "NOK"}) {
		t.Errorf("before: %+v, %v", said, err)
	}
	if back := p.pay(t, first.URL, ""); back.Host != "udi.example" || back.Path != "/fee/paid" || back.Query().Get("paymentid") != first.ID {
		t.Errorf("sent back to %s", back)
	}
	if said, err := p.Status(t.Context(), first.ID); err != nil || said != (casefile.Payment{Reference: "case_1", Currency: "NOK", Amount: 630000}) {
		t.Errorf("after: %+v, %v", said, err)
	}
	short, err := p.Create(t.Context(), desk.PaymentOrder{Reference: "case_2", Amount: 630000, Currency: "NOK"})
	if err != nil {
		t.Fatal(err)
	}
	p.pay(t, short.URL, "629999")
	if said, err := p.Status(t.Context(), short.ID); err != nil || said.Amount != 629999 {
		t.Errorf("short: %+v, %v", said, err)
	}
}

func TestProviderOnABadDayIsAskedAgainLater(t *testing.T) {
	p := newProvider(t)
	made, err := p.Create(t.Context(), fee)
	if err != nil {
		t.Fatal(err)
	}
	p.pay(t, made.URL, "")
	ask := map[string]func() error{
		"order":  func() error { _, err := p.Create(t.Context(), fee); return err },
		"status": func() error { _, err := p.Status(t.Context(), made.ID); return err },
	}
	for name, prepare := range map[string]func(){
		"down": func() { _ = p.standin.SetMode("down") },
		"slow": func() {
			_ = p.standin.SetMode("slow")
			p.standin.Slowness = 300 * time.Millisecond
			p.HTTP.(*http.Client).Timeout = 50 * time.Millisecond
		},
		"wrong secret": func() { _ = p.standin.SetMode("ok"); p.HTTP = fetch.Registers(nil); p.Secret = "other" },
		"not there":    func() { p.Secret = "secret"; p.URL = "http://127.0.0.1:1" },
	} {
		fresh := *p
		prepare()
		for what, do := range ask {
			if err := do(); fault.KindOf(err) != fault.Unavailable {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
		p.Payments = fresh.Payments
		p.HTTP = fetch.Registers(nil)
		_ = p.standin.SetMode("ok")
	}
	// Wrong: what it says is of another payment, and the case does not take it.
	_ = p.standin.SetMode("wrong")
	said, err := p.Status(t.Context(), made.ID)
	if err != nil || said.Reference == "case_1" {
		t.Errorf("wrong: %+v, %v", said, err)
	}
}

func TestAnswerThatIsNoneIsNotTaken(t *testing.T) {
	for name, body := range map[string]string{
		"no JSON": "<html>", "another payment": `{"payment":{"paymentId":"other","summary":{"chargedAmount":630000},"orderDetails":{"currency":"NOK","reference":"case_1"}}}`,
		"less than nothing": `{"payment":{"paymentId":"p1","summary":{"chargedAmount":-1}}}`, "a text for a number": `{"payment":{"paymentId":"p1","summary":{"chargedAmount":"630000"}}}`,
		"without end": `{"payment":` + strings.Repeat(" ", answerLimit),
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }))
		_, err := Payments{URL: server.URL, HTTP: fetch.Registers(nil)}.Status(t.Context(), "p1")
		if fault.KindOf(err) != fault.Unavailable || fault.RuleOf(err) != "payments.answer" {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
	for name, body := range map[string]string{
		"no id": `{"hostedPaymentPageUrl":"https://pay.example/1"}`, "script": `{"paymentId":"p1","hostedPaymentPageUrl":"javascript:alert(1)"}`,
		"no page": `{"paymentId":"p1"}`, "path as id": `{"paymentId":"../p1","hostedPaymentPageUrl":"https://pay.example/1"}`,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(body))
		}))
		_, err := Payments{URL: server.URL, HTTP: fetch.Registers(nil)}.Create(t.Context(), fee)
		if fault.RuleOf(err) != "payments.answer" {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

func TestWhatWasPaidBackIsNotPaid(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"payment":{"paymentId":"p1","summary":{"reservedAmount":630000,"chargedAmount":630000,"refundedAmount":630000},"orderDetails":{"amount":630000,"currency":"NOK","reference":"case_1"}}}`))
	}))
	defer server.Close()
	if said, err := (Payments{URL: server.URL, HTTP: fetch.Registers(nil)}).Status(t.Context(), "p1"); err != nil || said.Amount != 0 {
		t.Errorf("%+v, %v", said, err)
	}
}
