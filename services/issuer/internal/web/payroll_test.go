package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/web"
)

// follow lets the desk hear of what happened to the offer's case.
func (p *portal) follow(t *testing.T, service, name string, data map[string]any) {
	t.Helper()
	p.Clock.Pass(time.Second)
	event := &eventbus.Event{
		ID: fmt.Sprintf("evt-%s-%d", name, p.Clock.Now().Unix()), Type: eventbus.TypeOf(name), Case: "case_1",
		Time: p.Clock.Now(), TimeClass: eventbus.Human, Data: data,
	}
	if err := p.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return p.desk.Follow(service)(t.Context(), tx, event) }); err != nil {
		t.Fatal(err)
	}
}

const number = "41019012345"

// agencies are the tax administration and a bank.
type agencies struct{ bankSilent bool }

func (*agencies) Identifier(context.Context, string) (string, error) { return number, nil }

func (*agencies) Order(context.Context, taxcard.Wish) (string, error) { return "ref-1", nil }

func (*agencies) Answer(context.Context, string) (taxcard.Answer, error) {
	card := &taxcard.Card{ID: "17", IssuedOn: "2026-12-01", Year: 2027, Deductions: []taxcard.Deduction{
		{Code: "loennFraHovedarbeidsgiver", Table: "8020", Percentage: "25.5", Months: "10.5"}, {Code: "noeNytt", Free: 70000},
	}}
	return taxcard.Answer{Organisation: uio, Persons: []taxcard.Person{{Number: number, Result: taxcard.ResultOK, Year: 2027, Card: card}}}, nil
}

func (a *agencies) Account(context.Context, string, string) (desk.Account, error) {
	if a.bankSilent {
		return desk.Account{}, fault.New(fault.Unavailable, "account.silent", "the bank does not answer")
	}
	return desk.Account{IBAN: "NO9386011117947", BIC: "TESTNOKK", BankName: "Testbanken"}, nil
}

func TestEmployerFollowsTheCaseAndPaysTheWorker(t *testing.T) {
	p := openPortal(t)
	agency := &agencies{bankSilent: true}
	p.desk.Identifiers, p.desk.TaxCards, p.desk.Accounts = agency, agency, agency
	b := p.As(t, kari)
	shown := signed(t, b)
	id := strings.TrimPrefix(shown.Path, "/offers/")
	guest := p.Open(t)
	guest.Header.Set("Accept", "text/html")

	p.follow(t, "verifier", "application.submitted", map[string]any{"offer_id": id})
	b.Get(shown.Path).Wants("Brukt i en søknad Ferdig", "UDI behandler søknaden")
	guest.Get("/invitations/"+id).Wants("Søk om oppholdstillatelse Ferdig", "Få vedtak og time Pågår")
	p.follow(t, "verifier", "decision.made", map[string]any{"outcome": "GRANTED"})
	p.follow(t, "verifier", "case.halted", map[string]any{"cause": "OFFER_SUPERSEDED"})
	b.Get(shown.Path).Wants("Avgjort av UDI Ferdig", "Saken er stanset inntil videre")
	guest.Get("/invitations/" + id).Wants("Få vedtak og time Ferdig")
	p.follow(t, "verifier", "case.resumed", map[string]any{"cause": "OFFER_SUPERSEDED"})

	p.follow(t, "tax", "taxcard.issued", nil)
	p.follow(t, "bank", "payrollaccount.shared", nil)
	at := shown.Path + "/payroll"
	b.Get(shown.Path).Submit(at).Is(http.StatusOK).Wants("Skattekortet er bestilt", "Banken svarer ikke akkurat nå")
	for range 3 {
		p.Clock.Pass(5 * time.Minute)
		if _, err := p.desk.TaxCardStep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	agency.bankSilent = false
	paid := b.Get(shown.Path).Submit(at).Is(http.StatusOK)
	paid.Wants("NO9386011117947", "Testbanken", "Skattekortet er her", "Lønn fra hovedarbeidsgiver 25,5 % 8020 10,5", "noeNytt 70 000 NOK")
	if strings.Contains(paid.Text, number) {
		t.Error("the page tells the worker's number")
	}
}

func TestHostile41LineBreaksInANameReachNoMail(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	b.Get("/drafts/new").Submit("/drafts", append(filled(), "given_name", "Lisa\r\nBcc: thief@example.com")...).Wants("1 ting må rettes", "Fornavn")
	b.Get("/drafts/new").Submit("/drafts", append(filled(), "email", "lisa@example.com\r\nBcc: thief@example.com")...).Wants("1 ting må rettes", "E-postadresse")
}

func TestHostile48AnotherEmployerDoesNothingWithAnOffer(t *testing.T) {
	p := openPortal(t)
	b := p.As(t, kari)
	shown := signed(t, b)
	draft := strings.TrimSuffix(b.Get("/drafts/new").Submit("/drafts", filled()...).Path, "/review")
	other := p.As(t, rpc.Principal{Role: web.Employer, Subject: "310000078"})
	token := other.Get("/drafts/new").Field("/drafts", "form_token")
	for _, path := range []string{
		shown.Path + "/resend", shown.Path + "/withdraw", shown.Path + "/change", shown.Path + "/copy", shown.Path + "/payroll",
		draft, draft + "/sign", draft + "/delete",
	} {
		if got := other.Post(path, url.Values{"form_token": {token}, "reason": {"theirs"}, "key": {"page-0123456789"}}); got.Status != http.StatusNotFound {
			t.Errorf("%s answers %d: %s", path, got.Status, got.Text)
		}
	}
	b.Get(shown.Path).Wants("Sendt", "Trekk tilbudet")
	b.Get(draft).Is(http.StatusOK)
}
