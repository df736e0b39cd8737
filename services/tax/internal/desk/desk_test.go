package desk_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
)

type tax struct {
	*harness.Harness
	*desk.Desk
	spoil func(*onboarding.View)
}

func (x *tax) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	if x.spoil != nil {
		x.spoil(&view)
	}
	return view, nil
}

func open(t *testing.T) *tax {
	t.Helper()
	h := harness.Open(t, "tax", onboarding.Migrations(), store.Migrations())
	parameters, err := registration.LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &tax{Harness: h, Desk: desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}, Issuer: h.Issuer, Outbox: h.Outbox,
		Clock: h.Clock, Parameters: parameters, DID: h.DID,
	})}
	x.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: x, Verb: x.Assign, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return x
}

// event brings an event as the inbox does, and works until there is nothing to do.
func (x *tax) event(t *testing.T, producer, name, caseRef string, data map[string]any) error {
	t.Helper()
	handler := inbox.Handlers(x.Desk)[producer][name]
	err := x.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return handler(t.Context(), tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
	})
	for busy := true; busy; {
		var stepErr error
		if busy, stepErr = x.Cases.Step(t.Context()); stepErr != nil {
			t.Fatal(stepErr)
		}
	}
	return err
}

func (x *tax) granted(t *testing.T, caseRef string) {
	t.Helper()
	if err := x.event(t, "verifier", "decision.made", caseRef, map[string]any{"outcome": "GRANTED"}); err != nil {
		t.Fatal(err)
	}
}

func (x *tax) identified(t *testing.T, caseRef string) {
	t.Helper()
	err := x.event(t, "police", "identity.verified", caseRef, map[string]any{"performed_at": "2026-11-23T09:00:00Z", "level": "IN_PERSON"})
	if err != nil {
		t.Fatal(err)
	}
}

func (x *tax) line(t *testing.T, caseRef string) desk.Line {
	t.Helper()
	line, err := x.Get(t.Context(), caseRef)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

var wantEvents = []string{"no.kompetansespor.identifier.assigned.v1", "no.kompetansespor.taxcard.issued.v1"}

func TestNumberIsAssignedOnceInWhicheverOrder(t *testing.T) {
	for name, order := range map[string][]func(*tax, *testing.T, string){
		"decision first": {(*tax).granted, (*tax).identified},
		"identity first": {(*tax).identified, (*tax).granted},
	} {
		x := open(t)
		order[0](x, t, "case_1")
		if line := x.line(t, "case_1"); line.Standing != desk.Waiting {
			t.Errorf("%s: %s after the first event", name, line.Standing)
		}
		order[1](x, t, "case_1")
		first := x.line(t, "case_1")
		if first.Standing != desk.Assigned || first.CardYear != "2026" {
			t.Fatalf("%s: %+v", name, first)
		}
		for _, again := range order {
			again(x, t, "case_1")
		}
		if second := x.line(t, "case_1"); second.Registration.Number() != first.Registration.Number() {
			t.Errorf("%s: a second number", name)
		}
		if got := x.Events(t, "case_1"); !slices.Equal(got, wantEvents) {
			t.Errorf("%s: %v", name, got)
		}
		if got := x.Credentials(t, "case_1"); !slices.Equal(got, []string{"TaxCard offered", "TaxRegistration offered"}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestNoTwoWorkersShareANumber(t *testing.T) {
	x := open(t)
	numbers := map[string]bool{}
	for _, ref := range []string{"case_1", "case_2", "case_3"} {
		x.granted(t, ref)
		x.identified(t, ref)
		number := x.line(t, ref).Registration.Number()
		if _, err := identifier.CheckPersonNumber(number, identifier.Synthetic, identifier.ControlUntil2032); err != nil {
			t.Error(err)
		}
		numbers[number] = true
	}
	if len(numbers) != 3 {
		t.Error("three workers of one birth date share numbers")
	}
}

func TestShortPermitGivesADNumber(t *testing.T) {
	x := open(t)
	x.spoil = func(v *onboarding.View) { v.Permit.ValidUntil = v.Permit.ValidFrom.AddDate(0, 5, 0) }
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	if kind := x.line(t, "case_1").Registration.Kind(); kind != identifier.DNumber {
		t.Error(kind)
	}
}

func TestIdentityOfARefusedCaseGivesNoNumber(t *testing.T) {
	x := open(t)
	if err := x.event(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "REFUSED"}); err != nil {
		t.Fatal(err)
	}
	x.identified(t, "case_1")
	if line := x.line(t, "case_1"); line.Standing != desk.NotGranted || len(x.Events(t, "case_1")) != 0 {
		t.Errorf("%+v", line)
	}
}

func TestIdentityControlMustBeInPersonAndDated(t *testing.T) {
	x := open(t)
	for rule, data := range map[string]map[string]any{
		"identity.level":        {"performed_at": "2026-11-23T09:00:00Z", "level": "REMOTE"},
		"identity.performed-at": {"performed_at": "yesterday", "level": "IN_PERSON"},
	} {
		if err := x.event(t, "police", "identity.verified", "case_1", data); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	if _, err := x.Get(t.Context(), "case_1"); fault.KindOf(err) != fault.NotFound {
		t.Error("a refused event left something", err)
	}
}

func TestBankLearnsTheNumberForItsPurposeOnly(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	if _, err := x.Identifier(t.Context(), "case_1", "account-opening"); fault.RuleOf(err) != "identifier.not-assigned" {
		t.Error(err)
	}
	x.identified(t, "case_1")
	if _, err := x.Identifier(t.Context(), "case_1", "marketing"); fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	if _, err := x.Identifier(t.Context(), "case_2", "account-opening"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	snap, err := x.Identifier(t.Context(), "case_1", "account-opening")
	if err != nil || snap.Number == "" || snap.AssignedAt.IsZero() {
		t.Error(err)
	}
}

func TestNumberIsSealedAtRest(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	x.identified(t, "case_1")
	var sealed []byte
	var fingerprint string
	if err := x.DB.Read().QueryRowContext(t.Context(), `SELECT number, fingerprint FROM registration`).Scan(&sealed, &fingerprint); err != nil {
		t.Fatal(err)
	}
	if number := x.line(t, "case_1").Registration.Number(); bytes.Contains(sealed, []byte(number)) || fingerprint == number {
		t.Error("the number can be read in the table")
	}
}

func TestFailedCaseIsListedWithItsRule(t *testing.T) {
	x := open(t)
	x.spoil = func(v *onboarding.View) { v.Claims = nil }
	x.granted(t, "case_1")
	x.spoil = nil
	x.granted(t, "case_2")
	x.Clock.Pass(time.Hour)
	failed, err := x.List(t.Context(), desk.Failed, 0, 10)
	if err != nil || len(failed) != 1 || failed[0].CaseRef != "case_1" || failed[0].Rule != "view.claims" {
		t.Errorf("%+v %v", failed, err)
	}
	all, err := x.List(t.Context(), "", 0, 10)
	if err != nil || len(all) != 2 || all[0].CaseRef != "case_1" {
		t.Errorf("%+v %v", all, err)
	}
}
