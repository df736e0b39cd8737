package desk_test

import (
	"context"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/batch"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

// dying fails in the transaction that counts a line, as a kill would.
type dying struct {
	desk.Store
	kill func() error
}

func (d dying) EndLine(ctx context.Context, tx *sqldb.Tx, batchID string, line batch.Line) (bool, error) {
	if err := d.kill(); err != nil {
		return false, err
	}
	return d.Store.EndLine(ctx, tx, batchID, line)
}

type (
	wish      = taxcard.Wish
	answering struct {
		answer taxcard.Answer
		err    error
	}
)

// Identifier is the tax administration's.
func (w *world) Identifier(context.Context, string) (string, error) {
	if w.number == "" {
		return "", fault.New(fault.Conflict, "identifier.none", "not assigned")
	}
	return w.number, nil
}

// register takes orders, and answers what the test has put in.
type register struct{ w *world }

func (r register) Order(_ context.Context, wanted taxcard.Wish) (string, error) {
	r.w.wishes = append(r.w.wishes, wanted)
	return "ref-" + wanted.Person, nil
}

func (r register) Answer(context.Context, string) (taxcard.Answer, error) {
	if len(r.w.answers) == 0 {
		return taxcard.Answer{}, fault.New(fault.Unavailable, "taxcard.not-ready", "not yet")
	}
	next := r.w.answers[0]
	r.w.answers = r.w.answers[1:]
	return next.answer, next.err
}

type bank struct{ w *world }

func (bank) Account(_ context.Context, caseRef, organisationNumber string) (desk.Account, error) {
	if caseRef != "case_1" || organisationNumber != uio {
		return desk.Account{}, fault.New(fault.Denied, "payroll.another", "no")
	}
	return desk.Account{IBAN: "NO9386011117947", BIC: "TESTNOKK", BankName: "Testbanken"}, nil
}

const (
	dNumber = "41019012345"
	fnr     = "01019054321"
)

func says(number string, result taxcard.Result, card *taxcard.Card) answering {
	return answering{answer: taxcard.Answer{Organisation: uio, Persons: []taxcard.Person{{Number: number, Result: result, Year: 2026, Card: card}}}}
}

// applied is an offer whose case has come as far as the tax card.
func (w *world) applied(t *testing.T) desk.Record {
	t.Helper()
	s := signing(t, 1)
	s.Form.Employment.StartDate = "2026-12-07"
	r, _, err := w.desk.Issue(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	w.follow(t, "verifier", "case_1", "application.submitted", map[string]any{"offer_id": r.Offer.ID()})
	w.follow(t, "verifier", "case_1", "decision.made", map[string]any{"outcome": "GRANTED"})
	return r
}

// work lets time pass and the step run, so many times.
func (w *world) work(t *testing.T, times int) {
	t.Helper()
	for range times {
		w.Clock.Pass(20 * time.Minute)
		if _, err := w.desk.TaxCardStep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmployerFetchesTheTaxCardOnceItIsIssued(t *testing.T) {
	w := open(t)
	r := w.applied(t)
	id := r.Offer.ID()
	_, err := w.desk.FetchTaxCard(t.Context(), uio, id)
	rule(t, err, "taxcard.not-issued")
	w.follow(t, "tax", "case_1", "taxcard.issued", nil)
	_, err = w.desk.FetchTaxCard(t.Context(), second, id)
	rule(t, err, "offer.unknown")
	order, err := w.desk.FetchTaxCard(t.Context(), uio, id)
	if err != nil || order.State != taxcard.Wanted {
		t.Fatal(order, err)
	}
	w.work(t, 2) // no number yet: nothing is ordered
	if len(w.wishes) != 0 {
		t.Fatalf("ordered %v", w.wishes)
	}
	w.number = dNumber
	w.work(t, 1)
	if len(w.wishes) != 1 || w.wishes[0] != (wish{Year: 2026, Organisation: uio, Person: dNumber, Contact: "hr@uio.example.com"}) {
		t.Fatalf("ordered %+v", w.wishes)
	}
	w.work(t, 3) // no answer yet
	if order, _ = w.desk.FetchTaxCard(t.Context(), uio, id); order.State != taxcard.Ordered || len(w.wishes) != 1 {
		t.Errorf("%+v, ordered %d times", order, len(w.wishes))
	}
	var sealed []byte
	if err := w.DB.Read().QueryRowContext(t.Context(), `SELECT person FROM taxcard_order`).Scan(&sealed); err != nil || string(sealed) == dNumber || len(sealed) == 0 {
		t.Errorf("the number stands in the database as %q, %v", sealed, err)
	}
	w.answers = []answering{
		says(fnr, taxcard.ResultOK, &taxcard.Card{ID: "9"}), // about somebody else
		says(dNumber, taxcard.ResultOK, &taxcard.Card{ID: "1", IssuedOn: "2026-12-07", Deductions: []taxcard.Deduction{{Code: "loennFraHovedarbeidsgiver", Percentage: "25"}}}),
	}
	w.work(t, 2)
	order, err = w.desk.FetchTaxCard(t.Context(), uio, id)
	if err != nil || order.State != taxcard.Received || order.Card == nil || order.Card.ID != "1" || order.Card.Deductions[0].Percentage != "25" {
		t.Errorf("%+v, %v", order, err)
	}
	w.work(t, 3)
	if len(w.wishes) != 1 {
		t.Errorf("ordered %d times", len(w.wishes))
	}
}

func TestReplacedNumberIsOrderedAgainUnderTheNewOne(t *testing.T) {
	w := open(t)
	r := w.applied(t)
	id := r.Offer.ID()
	w.follow(t, "tax", "case_1", "taxcard.issued", nil)
	if _, err := w.desk.FetchTaxCard(t.Context(), uio, id); err != nil {
		t.Fatal(err)
	}
	w.number = dNumber
	w.work(t, 1)
	w.answers = []answering{says(dNumber, taxcard.ResultReplaced, nil)}
	w.work(t, 3) // the new number is not known to us yet: the old one is not ordered again
	if len(w.wishes) != 1 {
		t.Fatalf("ordered %+v", w.wishes)
	}
	w.number = fnr
	w.work(t, 1)
	if len(w.wishes) != 2 || w.wishes[1].Person != fnr {
		t.Fatalf("ordered %+v", w.wishes)
	}
	w.answers = []answering{says(fnr, taxcard.ResultOK, &taxcard.Card{ID: "2", IssuedOn: "2026-12-07"})}
	w.work(t, 1)
	if order, err := w.desk.FetchTaxCard(t.Context(), uio, id); err != nil || order.State != taxcard.Received || order.Person != fnr {
		t.Errorf("%+v, %v", order, err)
	}
}

func TestNumberThatWasReplacedAfterTheCardCameIsAskedAbout(t *testing.T) {
	w := open(t)
	r := w.applied(t)
	id := r.Offer.ID()
	w.follow(t, "tax", "case_1", "taxcard.issued", nil)
	if _, err := w.desk.FetchTaxCard(t.Context(), uio, id); err != nil {
		t.Fatal(err)
	}
	w.number = dNumber
	w.work(t, 1)
	w.answers = []answering{says(dNumber, taxcard.ResultNoCard, nil)}
	w.work(t, 1)
	if order, _ := w.desk.FetchTaxCard(t.Context(), uio, id); order.State != taxcard.NoCard {
		t.Fatalf("%+v", order)
	}
	w.number = fnr
	w.follow(t, "tax", "case_1", "identifier.replaced", map[string]any{"kind": "FNR"})
	w.work(t, 1)
	w.answers = []answering{says(fnr, taxcard.ResultOK, &taxcard.Card{ID: "2", IssuedOn: "2026-12-07"})}
	w.work(t, 1)
	if order, err := w.desk.FetchTaxCard(t.Context(), uio, id); err != nil || order.State != taxcard.Received || order.Person != fnr {
		t.Errorf("%+v, %v", order, err)
	}
}

func TestAccountForPayIsAskedForOnlyOnceItIsShared(t *testing.T) {
	w := open(t)
	r := w.applied(t)
	_, err := w.desk.PayrollAccount(t.Context(), uio, r.Offer.ID())
	rule(t, err, "payroll.not-shared")
	w.follow(t, "bank", "case_1", "payrollaccount.shared", nil)
	_, err = w.desk.PayrollAccount(t.Context(), second, r.Offer.ID())
	rule(t, err, "offer.unknown")
	account, err := w.desk.PayrollAccount(t.Context(), uio, r.Offer.ID())
	if err != nil || account.IBAN != "NO9386011117947" {
		t.Errorf("%+v, %v", account, err)
	}
	other, _ := w.issue(t, 2)
	_, err = w.desk.PayrollAccount(t.Context(), uio, other.Offer.ID())
	rule(t, err, "offer.no-case")
	_, err = w.desk.FetchTaxCard(t.Context(), uio, other.Offer.ID())
	rule(t, err, "offer.no-case")
}
