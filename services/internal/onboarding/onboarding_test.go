package onboarding_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
)

// desk is an agency whose verb counts its effects and waits until it is ready.
type desk struct {
	*harness.Harness
	cases    *onboarding.Cases
	fetched  int
	done     int
	ready    bool
	viewErr  error
	verbErr  error
	onEffect func() error
	meantime func()
}

func (d *desk) View(_ context.Context, caseRef string) (onboarding.View, error) {
	d.fetched++
	return harness.View(caseRef), d.viewErr
}

func (d *desk) work(_ context.Context, _ onboarding.Case) (onboarding.Effect, error) {
	if d.verbErr != nil || !d.ready {
		return nil, d.verbErr
	}
	if d.meantime != nil {
		d.meantime()
	}
	return func(_ context.Context, tx *sqldb.Tx) error {
		tx.OnCommit(func() { d.done++ })
		if d.onEffect != nil {
			return d.onEffect()
		}
		return nil
	}, nil
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{Harness: harness.Open(t, "police", onboarding.Migrations()), ready: true}
	d.cases = onboarding.New(onboarding.Config{
		DB: d.DB, Views: d, Verb: d.work, Sealer: d.Book.KeyStore(), Clock: d.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return d
}

func (d *desk) decided(t *testing.T, outcome string) error {
	t.Helper()
	return d.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return d.cases.Decided(t.Context(), tx, &eventbus.Event{Case: "case_1", Data: map[string]any{"outcome": outcome}})
	})
}

func (d *desk) wake(t *testing.T) {
	t.Helper()
	if err := d.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { return d.cases.Wake(t.Context(), tx, "case_1") }); err != nil {
		t.Fatal(err)
	}
}

// steps works until there is nothing to do.
func (d *desk) steps(t *testing.T) {
	t.Helper()
	for range 20 {
		busy, err := d.cases.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			return
		}
	}
	t.Fatal("never idle")
}

func (d *desk) state(t *testing.T) onboarding.Case {
	t.Helper()
	c, err := d.cases.Find(t.Context(), d.DB.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestGrantedCaseIsFetchedAndWorkedOnOnce(t *testing.T) {
	d := open(t)
	for range 2 {
		if err := d.decided(t, "GRANTED"); err != nil {
			t.Fatal(err)
		}
		d.steps(t)
	}
	c := d.state(t)
	if d.fetched != 1 || d.done != 1 || c.State != onboarding.Known || c.View.DeliveryDID == "" {
		t.Errorf("fetched %d, done %d, %s", d.fetched, d.done, c.State)
	}
}

func TestRefusedCaseIsNotedAndNeverFetched(t *testing.T) {
	d := open(t)
	if err := d.decided(t, "REFUSED"); err != nil {
		t.Fatal(err)
	}
	d.wake(t)
	d.steps(t)
	if d.fetched != 0 || d.state(t).State != onboarding.Ignored {
		t.Error(d.fetched, d.state(t).State)
	}
	if err := d.decided(t, "PERHAPS"); fault.RuleOf(err) != "decision.outcome" {
		t.Error(err)
	}
}

func TestEventBeforeTheDecisionIsKeptAndDoesNotFetch(t *testing.T) {
	d := open(t)
	d.wake(t)
	d.steps(t)
	if d.fetched != 0 || d.state(t).State != onboarding.Seen {
		t.Error("fetched before the decision")
	}
	_ = d.decided(t, "GRANTED")
	d.steps(t)
	if d.fetched != 1 || d.done != 1 {
		t.Error(d.fetched, d.done)
	}
}

func TestAuthorityThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	d := open(t)
	d.viewErr = fault.New(fault.Unavailable, "rpc.unreachable", "down")
	_ = d.decided(t, "GRANTED")
	d.steps(t)
	d.steps(t)
	if c := d.state(t); d.fetched != 1 || c.State != onboarding.Notified || c.Rule != "rpc.unreachable" {
		t.Errorf("asked %d times without waiting: %+v", d.fetched, c)
	}
	d.Clock.Pass(time.Second)
	d.steps(t)
	d.viewErr = nil
	d.Clock.Pass(10 * time.Second)
	d.steps(t)
	if c := d.state(t); d.fetched != 3 || d.done != 1 || c.State != onboarding.Known || c.Rule != "" {
		t.Errorf("fetched %d: %+v", d.fetched, c)
	}
}

func TestPermanentFaultFailsTheCaseWithItsRule(t *testing.T) {
	for name, spoil := range map[string]func(*desk, error){
		"view":   func(d *desk, err error) { d.viewErr = err },
		"verb":   func(d *desk, err error) { d.verbErr = err },
		"effect": func(d *desk, err error) { d.onEffect = func() error { return err } },
	} {
		d := open(t)
		spoil(d, fault.New(fault.Denied, "view.purpose", "not yours"))
		_ = d.decided(t, "GRANTED")
		d.steps(t)
		d.Clock.Pass(time.Hour)
		d.wake(t)
		d.steps(t)
		if c := d.state(t); c.State != onboarding.Failed || c.Rule != "view.purpose" || d.fetched != 1 {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

func TestViewIsNotReadTwiceWhenTheVerbMustWait(t *testing.T) {
	d := open(t)
	d.verbErr = errors.New("tax is down")
	_ = d.decided(t, "GRANTED")
	d.steps(t)
	d.verbErr = nil
	d.Clock.Pass(time.Minute)
	d.steps(t)
	if d.fetched != 1 || d.done != 1 {
		t.Errorf("fetched %d, done %d", d.fetched, d.done)
	}
}

func TestWaitingCaseGoesOnWhenItIsWoken(t *testing.T) {
	d := open(t)
	d.ready = false
	_ = d.decided(t, "GRANTED")
	d.steps(t)
	d.ready = true
	d.Clock.Pass(time.Hour)
	d.steps(t)
	if d.done != 0 {
		t.Error("worked on without an event")
	}
	d.wake(t)
	d.steps(t)
	if d.done != 1 || d.fetched != 1 {
		t.Errorf("done %d, fetched %d", d.done, d.fetched)
	}
}

func TestEventThatComesWhileTheVerbThinksIsNotLost(t *testing.T) {
	for _, known := range []bool{false, true} {
		d := open(t)
		woken := false
		d.meantime = func() {
			if !woken {
				woken = true
				d.wake(t)
			}
		}
		d.ready = !known
		_ = d.decided(t, "GRANTED")
		if known {
			d.steps(t)
			d.ready = true
			d.wake(t)
		}
		d.steps(t)
		if d.done != 1 || d.fetched != 1 || !woken {
			t.Errorf("known %v: done %d, fetched %d", known, d.done, d.fetched)
		}
	}
}

func TestViewIsSealedAtRest(t *testing.T) {
	d := open(t)
	_ = d.decided(t, "GRANTED")
	d.steps(t)
	var sealed []byte
	if err := d.DB.Read().QueryRowContext(t.Context(), `SELECT view FROM onboarding_case`).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("Johnson")) {
		t.Error("the view can be read in the table", err)
	}
}

func TestReadingNamesEveryMissingClaim(t *testing.T) {
	view := harness.View("case_1")
	r := view.Read()
	if r.Text("given_name") != "Lisa" || r.Number("sex") != 2 || r.Number("employment.annual_salary.amount") != 634700 ||
		r.Texts("nationalities")[0] != "US" || r.Day("birthdate").Year() != 1990 || r.Err() != nil {
		t.Error(r.Err())
	}
	r = view.Read()
	r.Text("sex")
	r.Number("given_name")
	r.Texts("birthdate")
	r.Day("given_name")
	r.Text("passport.document_number")
	r.Text("given_name.first")
	if got := len(fault.From(r.Err()).Violations); got != 6 || fault.RuleOf(r.Err()) != "view.claims" {
		t.Error(r.Err())
	}
}

func TestFingerprintIsTheServicesOwn(t *testing.T) {
	one, other := open(t), open(t)
	first, err := onboarding.OpenFingerprint(t.Context(), one.DB, one.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	again, err := onboarding.OpenFingerprint(t.Context(), one.DB, one.Book.KeyStore(), rand.Reader)
	if err != nil || first.Of("01819020074") != again.Of("01819020074") || first.Of("01819020074") == first.Of("01819020155") {
		t.Error("not the same after a restart", err)
	}
	elsewhere, err := onboarding.OpenFingerprint(t.Context(), other.DB, other.Book.KeyStore(), rand.Reader)
	if err != nil || first.Of("01819020074") == elsewhere.Of("01819020074") {
		t.Error("another service has the same fingerprint", err)
	}
}
