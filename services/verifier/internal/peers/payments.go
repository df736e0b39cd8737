// Package peers asks those outside UDI: the payment provider, the programme's
// registry, the police.
package peers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// Payments is a payment provider with a hosted checkout (Nexi Checkout, Payment
// API v1). Amounts are in øre.
type Payments struct {
	// URL is the API's base, without the /v1.
	URL string
	// Secret is what Authorization carries. Empty: nothing.
	Secret string
	// ReturnURL is where the payer comes back to, TermsURL says on what terms.
	ReturnURL, TermsURL string
	// HTTP reaches the provider. It must follow no redirect.
	HTTP Doer
}

// Doer does an HTTP request; *http.Client is one.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// answerLimit is the size of the largest answer, in bytes.
const answerLimit = 64 << 10

type item struct {
	Reference        string `json:"reference"`
	Name             string `json:"name"`
	Quantity         int    `json:"quantity"`
	Unit             string `json:"unit"`
	UnitPrice        int64  `json:"unitPrice"`
	GrossTotalAmount int64  `json:"grossTotalAmount"`
	NetTotalAmount   int64  `json:"netTotalAmount"`
}

type order struct {
	Items     []item `json:"items"`
	Amount    int64  `json:"amount"`
	Currency  string `json:"currency"`
	Reference string `json:"reference"`
}

type checkout struct {
	IntegrationType string `json:"integrationType"`
	ReturnURL       string `json:"returnUrl"`
	TermsURL        string `json:"termsUrl"`
	Charge          bool   `json:"charge"`
}

// Create implements desk.Payments: POST /v1/payments.
func (p Payments) Create(ctx context.Context, o desk.PaymentOrder) (desk.Payment, error) {
	body, err := json.Marshal(struct {
		Order    order    `json:"order"`
		Checkout checkout `json:"checkout"`
	}{
		order{
			Items: []item{{
				Reference: "application-fee", Name: "Application fee, work permit", Quantity: 1, Unit: "pcs",
				UnitPrice: o.Amount, GrossTotalAmount: o.Amount, NetTotalAmount: o.Amount,
			}},
			Amount: o.Amount, Currency: o.Currency, Reference: o.Reference,
		},
		checkout{IntegrationType: "HostedPaymentPage", ReturnURL: p.ReturnURL, TermsURL: p.TermsURL, Charge: true},
	})
	if err != nil {
		return desk.Payment{}, err
	}
	var answer struct {
		PaymentID string `json:"paymentId"`
		URL       string `json:"hostedPaymentPageUrl"`
	}
	if err := p.call(ctx, http.MethodPost, "/v1/payments", body, http.StatusCreated, &answer); err != nil {
		return desk.Payment{}, err
	}
	page, err := url.Parse(answer.URL)
	if !paymentID.MatchString(answer.PaymentID) || err != nil || page.Host == "" || page.Scheme != "https" && page.Scheme != "http" || len(answer.URL) > 2048 {
		return desk.Payment{}, wrongAnswer(nil)
	}
	return desk.Payment{ID: answer.PaymentID, URL: answer.URL}, nil
}

var paymentID = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)

// Status implements desk.Payments: GET /v1/payments/{id}. What was charged and
// not refunded is paid; what is only reserved is not.
func (p Payments) Status(ctx context.Context, id string) (casefile.Payment, error) {
	var answer struct {
		Payment struct {
			PaymentID string `json:"paymentId"`
			Summary   struct {
				ChargedAmount  int64 `json:"chargedAmount"`
				RefundedAmount int64 `json:"refundedAmount"`
			} `json:"summary"`
			OrderDetails struct {
				Amount    int64  `json:"amount"`
				Currency  string `json:"currency"`
				Reference string `json:"reference"`
			} `json:"orderDetails"`
		} `json:"payment"`
	}
	if err := p.call(ctx, http.MethodGet, "/v1/payments/"+url.PathEscape(id), nil, http.StatusOK, &answer); err != nil {
		return casefile.Payment{}, err
	}
	said := answer.Payment
	if said.PaymentID != id || said.Summary.ChargedAmount < 0 || said.Summary.RefundedAmount < 0 {
		return casefile.Payment{}, wrongAnswer(nil)
	}
	return casefile.Payment{
		Reference: said.OrderDetails.Reference, Currency: said.OrderDetails.Currency,
		Amount: said.Summary.ChargedAmount - said.Summary.RefundedAmount,
	}, nil
}

// call asks the provider. Whatever it does not answer as it should is asked again
// later: a provider that is wrong today takes nobody's application away.
func (p Payments) call(ctx context.Context, method, path string, body []byte, want int, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(p.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return fault.Wrap(err, fault.Internal, "payments.request", "the payment provider cannot be asked")
	}
	if p.Secret != "" {
		r.Header.Set("Authorization", p.Secret)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := p.HTTP.Do(r)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "payments.unreachable", "the payment provider does not answer")
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerLimit+1))
	switch {
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "payments.unreachable", "the payment provider does not answer")
	case answer.StatusCode != want:
		return fault.New(fault.Unavailable, "payments.refused", "the payment provider answers with status %d", answer.StatusCode)
	case len(text) > answerLimit:
		return wrongAnswer(nil)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return wrongAnswer(err)
	}
	return nil
}

func wrongAnswer(cause error) error {
	return fault.Wrap(cause, fault.Unavailable, "payments.answer", "the payment provider's answer cannot be read")
}
