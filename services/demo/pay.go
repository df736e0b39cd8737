package demo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

// payer opens pages as a worker's browser does. The verifier's host is where
// the target says; other pages are on this machine.
func payer(t Target) *http.Client {
	if t.Web != nil {
		return &http.Client{Transport: wayBack{t.Web, t.Verifier.Host}}
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: 10 * time.Second, Transport: wayBack{&http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.Authorities},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && host == t.Verifier.Host {
				address = t.Verifier.Address
			}
			return dialer.DialContext(ctx, network, address)
		},
	}, t.Verifier.Host}}
}

// wayBack leads to UDI itself where payers' browsers would go by way of the gateway,
// which is there for people alone.
type wayBack struct {
	http.RoundTripper
	verifier string
}

// RoundTrip implements http.RoundTripper.
func (w wayBack) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Hostname(), ".localhost") {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host, r.Host = "https", w.verifier, w.verifier
	}
	return w.RoundTripper.RoundTrip(r)
}

// pay is the worker's tap on "Pay" on the payment provider's page, which sends
// the worker back to UDI.
func (p *person) pay(ctx context.Context) error {
	for l := (looking{}); p.report.paymentURL == ""; {
		answer, err := again(ctx, func() (*walletv1.GetExchangeResponse, error) {
			return p.clients.wallet.GetExchange(ctx, &walletv1.GetExchangeRequest{ExchangeId: p.report.application}, As(p.wallet))
		})
		if err != nil {
			return err
		}
		p.report.paymentURL = answer.GetExchange().GetPaymentUrl()
		if p.report.paymentURL != "" {
			break
		}
		if err := l.again(ctx); err != nil {
			return err
		}
	}
	page, err := url.Parse(p.report.paymentURL)
	if err != nil {
		return fmt.Errorf("the payment page's address cannot be read: %w", err)
	}
	for l := (looking{}); ; {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, page.String(), nil)
		if err != nil {
			return fmt.Errorf("pay: %w", err)
		}
		answer, err := p.browser.Do(request)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("the payment page answers %d", answer.StatusCode)
		}
		if waited := l.again(ctx); waited != nil {
			return errors.Join(waited, err)
		}
	}
}
