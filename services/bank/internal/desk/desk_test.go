package desk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
)

type bank struct {
	*harness.Harness
	*desk.Desk
	views, asked int
	number       string
	taxErr       error
}

func (b *bank) View(_ context.Context, caseRef string) (onboarding.View, error) {
	b.views++
	return harness.View(caseRef), nil
}

func (b *bank) Identifier(context.Context, string) (string, error) {
	b.asked++
	return b.number, b.taxErr
}

func open(t *testing.T) *bank {
	t.Helper()
	h := harness.Open(t, "bank", onboarding.Migrations(), store.Migrations())
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bank{Harness: h, number: "01819020074"}
	b.Desk = desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}, Identifiers: b, Issuer: h.Issuer,
		Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader, Mode: identifier.Synthetic, DID: h.DID,
		Bank: account.Bank{OrganisationNumber: "310000027", Name: "Testbanken", BIC: "TESTNOKK"}, Code: "9999",
	})
	b.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: b, Verb: b.Open, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return b
}

// event brings an event as the inbox does, and works until there is nothing to do.
func (b *bank) event(t *testing.T, producer, name, caseRef string, data map[string]any) {
	t.Helper()
	handler := inbox.Handlers(b.Desk)[producer][name]
	err := b.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return handler(t.Context(), tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
	b.steps(t)
}

func (b *bank) steps(t *testing.T) {
	t.Helper()
	for busy := true; busy; {
		var err error
		if busy, err = b.Cases.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bank) granted(t *testing.T, caseRef string) {
	t.Helper()
	b.event(t, "verifier", "decision.made", caseRef, map[string]any{"outcome": "GRANTED"})
}

func (b *bank) assigned(t *testing.T, caseRef string) {
	t.Helper()
	b.event(t, "tax", "identifier.assigned", caseRef, map[string]any{"identifier_type": "FNR"})
}

func (b *bank) line(t *testing.T, caseRef string) desk.Line {
	t.Helper()
	line, err := b.Get(t.Context(), caseRef)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestAccountIsOpenedOnceInWhicheverOrder(t *testing.T) {
	for name, order := range map[string][]func(*bank, *testing.T, string){
		"decision first":   {(*bank).granted, (*bank).assigned},
		"identifier first": {(*bank).assigned, (*bank).granted},
	} {
		b := open(t)
		order[0](b, t, "case_1")
		if line := b.line(t, "case_1"); line.Standing != desk.Waiting || b.asked != 0 {
			t.Errorf("%s: %s after the first event, asked %d", name, line.Standing, b.asked)
		}
		order[1](b, t, "case_1")
		first := b.line(t, "case_1")
		if first.Standing != desk.Opened {
			t.Fatalf("%s: %+v", name, first)
		}
		if _, err := identifier.ParseBBAN(first.Account.BBAN()); err != nil {
			t.Error(err)
		}
		for _, again := range order {
			again(b, t, "case_1")
		}
		if second := b.line(t, "case_1"); second.Account.BBAN() != first.Account.BBAN() || b.asked != 1 || b.views != 1 {
			t.Errorf("%s: a repetition had an effect: asked %d, read %d", name, b.asked, b.views)
		}
		if got := b.Events(t, "case_1"); !slices.Equal(got, []string{"no.kompetansespor.bankaccount.opened.v1"}) {
			t.Errorf("%s: %v", name, got)
		}
		if got := b.Credentials(t, "case_1"); !slices.Equal(got, []string{"BankAccountConfirmation offered"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestTaxThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	b := open(t)
	b.taxErr = fault.New(fault.Unavailable, "rpc.unreachable", "down")
	b.granted(t, "case_1")
	b.assigned(t, "case_1")
	if line := b.line(t, "case_1"); line.Standing != desk.Waiting || b.asked != 1 {
		t.Errorf("%+v, asked %d", line, b.asked)
	}
	b.taxErr = nil
	b.Clock.Pass(10 * time.Second)
	b.steps(t)
	if line := b.line(t, "case_1"); line.Standing != desk.Opened || b.views != 1 {
		t.Errorf("%+v, read %d", line, b.views)
	}
}

func TestDueDiligenceThatFailsOpensNothing(t *testing.T) {
	b := open(t)
	b.number = "01819020075"
	b.granted(t, "case_1")
	b.assigned(t, "case_1")
	if line := b.line(t, "case_1"); line.Standing != desk.Failed || line.Rule != "account.due-diligence" {
		t.Errorf("%+v", line)
	}
	if len(b.Events(t, "case_1")) != 0 || len(b.Credentials(t, "case_1")) != 0 {
		t.Error("something was done half")
	}
	failed, err := b.List(t.Context(), desk.Failed, 0, 10)
	if err != nil || len(failed) != 1 {
		t.Error(failed, err)
	}
}

func TestRefusedCaseGetsNoAccount(t *testing.T) {
	b := open(t)
	b.event(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "REFUSED"})
	b.assigned(t, "case_1")
	if line := b.line(t, "case_1"); line.Standing != desk.NotGranted || b.views != 0 || b.asked != 0 {
		t.Errorf("%+v", line)
	}
	if _, err := b.Get(t.Context(), "case_2"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

func TestAccountNumberIsSealedAtRest(t *testing.T) {
	b := open(t)
	b.granted(t, "case_1")
	b.assigned(t, "case_1")
	var bban, holder []byte
	if err := b.DB.Read().QueryRowContext(t.Context(), `SELECT bban, holder FROM account`).Scan(&bban, &holder); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(bban, []byte(b.line(t, "case_1").Account.BBAN())) || bytes.Contains(holder, []byte("Johnson")) {
		t.Error("the account can be read in the table")
	}
}
