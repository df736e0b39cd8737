// Package payments stands in for a payment provider in development and tests:
// orders are put in over HTTP, paid on a page that it hosts, and asked for. It
// speaks the shape of a hosted checkout (Nexi Checkout, Payment API v1, read
// November 2026): amounts are in øre, a payment is asked for by its id.
//
// An order with a reference that was ordered before is the same payment: whoever
// orders again after a lost answer does not make the payer pay twice.
//
// It is never part of a production process, and moves no money.
package payments

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

// Config is what the stand-in needs.
type Config struct {
	// BaseURL is where the stand-in is reached, its prefix included and no slash
	// at the end: hosted pages are below it.
	BaseURL string
	// Secret is what Authorization must be. Empty: nothing is asked for.
	Secret string
	// Dir keeps the payments over a restart, a file each. Empty: they are gone.
	Dir string
	// Random makes payment ids.
	Random io.Reader
}

// Payment is a payment as it is kept.
type Payment struct {
	ID        string `json:"id"`
	Reference string `json:"reference"`
	Currency  string `json:"currency"`
	Amount    int64  `json:"amount"` // øre
	Charged   int64  `json:"charged"`
	Refunded  int64  `json:"refunded"`
	ReturnURL string `json:"return_url"`
}

// Server is the stand-in. Safe for concurrent use.
type Server struct {
	Config
	mode.Switch
	mux *http.ServeMux

	mu       sync.Mutex // guards payments
	payments map[string]*Payment
}

// bodyLimit is the size of the largest request, in bytes.
const bodyLimit = 64 << 10

// New makes the stand-in, with the payments that its folder has.
func New(c Config) (*Server, error) {
	s := &Server{Config: c, mux: http.NewServeMux(), payments: map[string]*Payment{}}
	s.mux.HandleFunc("POST /v1/payments", s.create)
	s.mux.HandleFunc("GET /v1/payments/{id}", s.retrieve)
	s.mux.HandleFunc("GET /pay/{id}", s.page)
	s.mux.HandleFunc("POST /pay/{id}", s.pay)
	return s, s.load()
}

// ServeHTTP implements http.Handler. Paths begin below the stand-in's prefix. In
// the mode wrong, what it says of a payment is of another one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
	s.Serve(w, r, s.mux)
}

// order is what is put in.
type order struct {
	Order struct {
		Items []struct {
			Reference        string  `json:"reference"`
			Name             string  `json:"name"`
			Quantity         float64 `json:"quantity"`
			Unit             string  `json:"unit"`
			UnitPrice        int64   `json:"unitPrice"`
			GrossTotalAmount int64   `json:"grossTotalAmount"`
			NetTotalAmount   int64   `json:"netTotalAmount"`
		} `json:"items"`
		Amount    int64  `json:"amount"`
		Currency  string `json:"currency"`
		Reference string `json:"reference"`
	} `json:"order"`
	Checkout struct {
		IntegrationType string `json:"integrationType"`
		ReturnURL       string `json:"returnUrl"`
		TermsURL        string `json:"termsUrl"`
		Charge          bool   `json:"charge"`
	} `json:"checkout"`
}

// check says what is wrong with an order, by field.
func (o *order) check() map[string][]string {
	wrong := map[string][]string{}
	var items int64
	for _, item := range o.Order.Items {
		items += item.GrossTotalAmount
	}
	if o.Order.Amount <= 0 || items != o.Order.Amount {
		wrong["order.amount"] = []string{"must be above zero, and what the items come to"}
	}
	if len(o.Order.Currency) != 3 {
		wrong["order.currency"] = []string{"must be a code of three letters"}
	}
	if o.Order.Reference == "" || len(o.Order.Reference) > 128 {
		wrong["order.reference"] = []string{"must have 1 to 128 characters"}
	}
	if o.Checkout.IntegrationType != "HostedPaymentPage" {
		wrong["checkout.integrationType"] = []string{"must be HostedPaymentPage"}
	}
	if back, err := url.Parse(o.Checkout.ReturnURL); err != nil || back.Host == "" {
		wrong["checkout.returnUrl"] = []string{"must be a URL"}
	}
	return wrong
}

// create is POST /v1/payments.
func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if !s.authorised(w, r) {
		return
	}
	var in order
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		answer(w, http.StatusBadRequest, map[string]any{"errors": map[string][]string{"body": {"is no JSON of this shape"}}})
		return
	}
	if wrong := in.check(); len(wrong) > 0 {
		answer(w, http.StatusBadRequest, map[string]any{"errors": wrong})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byReference(in.Order.Reference)
	switch {
	case p == nil:
		id := make([]byte, 16)
		if _, err := io.ReadFull(s.Random, id); err != nil {
			http.Error(w, "no randomness", http.StatusInternalServerError)
			return
		}
		p = &Payment{
			ID: hex.EncodeToString(id), Reference: in.Order.Reference, Currency: in.Order.Currency, Amount: in.Order.Amount,
			ReturnURL: in.Checkout.ReturnURL,
		}
		if err := s.keep(p); err != nil {
			http.Error(w, "cannot be kept", http.StatusInternalServerError)
			return
		}
	case p.Amount != in.Order.Amount || p.Currency != in.Order.Currency:
		answer(w, http.StatusConflict, map[string]any{"errors": map[string][]string{"order.reference": {"was ordered with another amount"}}})
		return
	}
	answer(w, http.StatusCreated, map[string]string{"paymentId": p.ID, "hostedPaymentPageUrl": s.BaseURL + "/pay/" + p.ID})
}

// retrieve is GET /v1/payments/{id}.
func (s *Server) retrieve(w http.ResponseWriter, r *http.Request) {
	if !s.authorised(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.payments[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	reference := p.Reference
	if s.Wrong() {
		reference = "somebody-elses"
	}
	summary := map[string]int64{}
	if p.Charged > 0 {
		summary["reservedAmount"], summary["chargedAmount"] = p.Charged, p.Charged
	}
	if p.Refunded > 0 {
		summary["refundedAmount"] = p.Refunded
	}
	answer(w, http.StatusOK, map[string]any{"payment": map[string]any{
		"paymentId": p.ID, "summary": summary,
		"orderDetails": map[string]any{"amount": p.Amount, "currency": p.Currency, "reference": reference},
	}})
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Test payment</title>
<h1>Test payment</h1>
<p>{{.Amount}} {{.Currency}}. No money moves here.</p>
{{if .Paid}}<p>This is paid.</p>{{else}}<form method="post"><button>Pay</button></form>{{end}}
</html>
`))

// page is GET /pay/{id}: what the payer sees.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.payments[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, map[string]any{"Amount": fmt.Sprintf("%d.%02d", p.Amount/100, p.Amount%100), "Currency": p.Currency, "Paid": p.Charged > 0})
}

// pay is POST /pay/{id}: the payer pays, the whole unless amount (in øre) says
// something else, and is sent back to where the order said. Paying twice is
// paying once.
func (s *Server) pay(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.payments[r.PathValue("id")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	amount := p.Amount
	if text := r.FormValue("amount"); text != "" {
		var err error
		if amount, err = strconv.ParseInt(text, 10, 64); err != nil || amount < 0 {
			http.Error(w, "amount is in øre", http.StatusBadRequest)
			return
		}
	}
	if p.Charged < p.Amount {
		paid := *p
		paid.Charged = amount
		if err := s.keep(&paid); err != nil {
			http.Error(w, "cannot be kept", http.StatusInternalServerError)
			return
		}
	}
	back, err := url.Parse(p.ReturnURL)
	if err != nil {
		http.Error(w, "nowhere to go back to", http.StatusInternalServerError)
		return
	}
	query := back.Query()
	query.Set("paymentid", p.ID)
	back.RawQuery = query.Encode()
	http.Redirect(w, r, back.String(), http.StatusSeeOther)
}

func (s *Server) authorised(w http.ResponseWriter, r *http.Request) bool {
	if s.Secret != "" && r.Header.Get("Authorization") != s.Secret {
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	return true
}

func (s *Server) byReference(reference string) *Payment {
	for _, p := range s.payments {
		if p.Reference == reference {
			return p
		}
	}
	return nil
}

// keep writes a payment to its file, then remembers it. The lock is held.
func (s *Server) keep(p *Payment) error {
	if s.Dir != "" {
		raw, err := json.Marshal(p)
		if err != nil {
			return err
		}
		path := filepath.Join(s.Dir, p.ID+".json")
		if err := os.WriteFile(path+".new", raw, 0o600); err != nil {
			return err
		}
		if err := os.Rename(path+".new", path); err != nil {
			return err
		}
	}
	s.payments[p.ID] = p
	return nil
}

func (s *Server) load() error {
	if s.Dir == "" {
		return nil
	}
	if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return fmt.Errorf("open payments: %w", err)
	}
	names, err := os.ReadDir(s.Dir)
	if err != nil {
		return fmt.Errorf("open payments: %w", err)
	}
	for _, name := range names {
		if !strings.HasSuffix(name.Name(), ".json") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(s.Dir, name.Name()))
		if err != nil {
			return fmt.Errorf("read payment: %w", err)
		}
		p := &Payment{}
		if err := json.Unmarshal(raw, p); err != nil || p.ID == "" {
			return errors.Join(fmt.Errorf("read payment %s", name.Name()), err)
		}
		s.payments[p.ID] = p
	}
	return nil
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}
