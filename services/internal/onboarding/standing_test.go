package onboarding_test

import (
	"context"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// seen is how a case stood when the verb was called.
type seen struct {
	standing onboarding.Standing
	cause    string
	edition  int64
	known    bool
}

// watched opens a desk whose verb notes how each case stands.
func watched(t *testing.T) (*desk, *[]seen) {
	d, calls := open(t), &[]seen{}
	d.cases.Verb = func(_ context.Context, c onboarding.Case) (onboarding.Effect, error) {
		*calls = append(*calls, seen{c.Standing, c.Cause, c.Edition, c.View.DeliveryDID != ""})
		return func(context.Context, *sqldb.Tx) error { return nil }, d.verbErr
	}
	return d, calls
}

// told brings an event of the verifier and works until there is nothing to do.
func (d *desk) told(t *testing.T, name string, data map[string]any) {
	t.Helper()
	handler, ok := d.cases.Handlers()[name]
	if !ok {
		t.Fatalf("nobody takes %s", name)
	}
	err := d.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return handler(t.Context(), tx, &eventbus.Event{Case: "case_1", Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
	d.steps(t)
}

var (
	granted = map[string]any{"outcome": "GRANTED"}
	because = map[string]any{"cause": "OFFER_WITHDRAWN"}
)

func (d *desk) last(t *testing.T, calls *[]seen, n int, want seen) {
	t.Helper()
	if len(*calls) != n || (*calls)[n-1] != want {
		t.Errorf("called with %+v, want %d calls, the last with %+v", *calls, n, want)
	}
}

func TestHaltedCaseIsTriedAsHaltedAndGoesOnWhenResumed(t *testing.T) {
	d, calls := watched(t)
	d.told(t, "decision.made", granted)
	for range 2 {
		d.told(t, "case.halted", because)
	}
	d.last(t, calls, 2, seen{onboarding.Halted, "OFFER_WITHDRAWN", 1, true})
	for range 2 {
		d.told(t, "case.resumed", nil)
	}
	d.last(t, calls, 3, seen{onboarding.Active, "", 1, true})
	if d.fetched != 1 {
		t.Errorf("the view was fetched %d times", d.fetched)
	}
}

func TestRevokedPermitIsForGood(t *testing.T) {
	d, calls := watched(t)
	d.told(t, "decision.made", granted)
	d.told(t, "case.halted", because)
	for range 2 {
		d.told(t, "permit.revoked", map[string]any{"cause": "OFFICER"})
	}
	d.told(t, "case.resumed", nil)
	d.told(t, "case.halted", because)
	d.last(t, calls, 3, seen{onboarding.Revoked, "OFFICER", 1, true})
}

func TestCaseStoppedBeforeItsViewWasFetchedIsNotFetched(t *testing.T) {
	d, calls := watched(t)
	// UDI has halted the case, and its event has not come yet.
	d.viewErr = fault.New(fault.Conflict, onboarding.RuleHalted, "halted")
	d.told(t, "decision.made", granted)
	d.Clock.Pass(time.Hour)
	d.steps(t)
	if c := d.state(t); d.fetched != 1 || c.State != onboarding.Notified || c.Rule != onboarding.RuleHalted {
		t.Errorf("fetched %d: %+v", d.fetched, c)
	}
	d.told(t, "case.halted", because)
	d.last(t, calls, 1, seen{onboarding.Halted, "OFFER_WITHDRAWN", 1, false})
	d.viewErr = nil
	d.told(t, "case.resumed", nil)
	d.last(t, calls, 2, seen{onboarding.Active, "", 1, true})
	if d.fetched != 2 {
		t.Errorf("the view was fetched %d times", d.fetched)
	}
}

func TestCorrectedCaseIsFetchedAnew(t *testing.T) {
	d, calls := watched(t)
	d.told(t, "decision.made", granted)
	d.told(t, "case.corrected", map[string]any{"fields": []any{"family_name"}})
	d.last(t, calls, 2, seen{onboarding.Active, "", 2, true})
	if c := d.state(t); d.fetched != 2 || !c.Corrected() || c.State != onboarding.Known {
		t.Errorf("fetched %d: %+v", d.fetched, c)
	}
}

func TestCorrectionOfAHaltedCaseWaits(t *testing.T) {
	d, calls := watched(t)
	d.told(t, "decision.made", granted)
	d.told(t, "case.halted", because)
	d.told(t, "case.corrected", nil)
	d.last(t, calls, 3, seen{onboarding.Halted, "OFFER_WITHDRAWN", 2, true})
	if d.fetched != 1 {
		t.Errorf("the view was fetched %d times", d.fetched)
	}
	d.told(t, "case.resumed", nil)
	d.last(t, calls, 4, seen{onboarding.Active, "", 2, true})
	if d.fetched != 2 {
		t.Errorf("the view was fetched %d times", d.fetched)
	}
}

func TestFailedCaseStopsLikeAnyOther(t *testing.T) {
	d, calls := watched(t)
	d.verbErr = fault.New(fault.Invalid, "person.claims", "cannot be carried out")
	d.told(t, "decision.made", granted)
	d.verbErr = nil
	d.told(t, "permit.revoked", because)
	d.last(t, calls, 2, seen{onboarding.Revoked, "OFFER_WITHDRAWN", 1, true})
}

// A case that was never granted has nothing to halt, revoke or correct.
func TestCaseThatWasNotGrantedIsLeftAlone(t *testing.T) {
	for _, before := range []func(*desk){
		func(*desk) {},
		func(d *desk) { d.told(t, "decision.made", map[string]any{"outcome": "REFUSED"}) },
	} {
		d, calls := watched(t)
		before(d)
		d.told(t, "case.halted", because)
		d.told(t, "permit.revoked", because)
		d.told(t, "case.corrected", nil)
		if c := d.state(t); len(*calls) != 0 || d.fetched != 0 || c.Standing != onboarding.Active || c.Edition != 1 {
			t.Errorf("%+v after %v", c, *calls)
		}
	}
}

func TestStopWithoutACauseIsRefused(t *testing.T) {
	d, _ := watched(t)
	d.told(t, "decision.made", granted)
	err := d.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return d.cases.Halted(t.Context(), tx, &eventbus.Event{Case: "case_1"})
	})
	if fault.RuleOf(err) != "case.cause" {
		t.Error(err)
	}
}
