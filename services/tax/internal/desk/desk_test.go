package desk_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"slices"
	"sync"
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
	spoil    func(*onboarding.View)
	register *register
}

// register is a population register with a plug.
type register struct {
	desk.Register
	down  error      // of Requisition
	mute  bool       // Answers gives none
	mu    sync.Mutex // guards asked: requisitions go side by side
	asked []registration.Requisition
}

func (r *register) Requisition(ctx context.Context, q registration.Requisition) (string, error) {
	if r.down != nil {
		return "", r.down
	}
	r.mu.Lock()
	r.asked = append(r.asked, q)
	r.mu.Unlock()
	return r.Register.Requisition(ctx, q)
}

func (r *register) Answers(ctx context.Context, after int64) ([]registration.Answer, error) {
	if r.mute {
		return nil, nil
	}
	return r.Register.Answers(ctx, after)
}

func (x *tax) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	// A family name for each case: their people are not each other's doubles.
	set(&view, "family_name", "Johnson "+letters(caseRef))
	if x.spoil != nil {
		x.spoil(&view)
	}
	return view, nil
}

func letters(caseRef string) string {
	name := []byte{}
	for _, c := range []byte(caseRef) {
		if c >= '0' && c <= '9' {
			name = append(name, 'a'+c-'0')
		}
	}
	return string(name) + "sen"
}

// set gives a claim another value, or adds it.
func set(view *onboarding.View, path string, value any) {
	for i := range view.Claims {
		if view.Claims[i].Path == path {
			view.Claims[i].Value = value
			return
		}
	}
	view.Claims = append(view.Claims, onboarding.Claim{Path: path, Value: value})
}

func passport(view *onboarding.View, number string) {
	set(view, "passport.document_number", number)
	set(view, "passport.issuing_country", "US")
	set(view, "passport.date_of_expiry", "2031-01-01")
}

func open(t testing.TB) *tax {
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
	kept := store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}
	x := &tax{Harness: h, register: &register{Register: &store.Population{DB: h.DB, Store: kept, Clock: h.Clock, Parameters: parameters}}}
	x.Desk = desk.New(desk.Config{
		DB: h.DB, Store: kept, Register: x.register, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		Log: slog.New(slog.DiscardHandler), Parameters: parameters, Mode: identifier.Synthetic, DID: h.DID,
	})
	x.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: x, Verb: x.Assign, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return x
}

// tell brings an event as the inbox does.
func (x *tax) tell(t testing.TB, producer, name, caseRef string, data map[string]any) error {
	t.Helper()
	handler, ok := inbox.Handlers(x.Desk)[producer][name]
	if !ok {
		t.Fatalf("nobody takes %s of %s", name, producer)
	}
	return x.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return handler(t.Context(), tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
	})
}

// work does what there is to do, until there is nothing; the clock goes on a
// little so that the feedback is read again.
func (x *tax) work(t testing.TB) {
	t.Helper()
	for idle := 0; idle < 2; {
		busy := false
		for _, step := range []func(context.Context) (bool, error){x.Cases.Step, x.SendStep, x.ReadStep} {
			did, err := step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			busy = busy || did
		}
		if busy {
			idle = 0
			continue
		}
		idle++
		x.Clock.Pass(time.Second)
	}
}

// event brings an event and works until there is nothing to do.
func (x *tax) event(t testing.TB, producer, name, caseRef string, data map[string]any) error {
	t.Helper()
	err := x.tell(t, producer, name, caseRef, data)
	x.work(t)
	return err
}

func (x *tax) must(t testing.TB, producer, name, caseRef string, data map[string]any) {
	t.Helper()
	if err := x.event(t, producer, name, caseRef, data); err != nil {
		t.Fatal(err)
	}
}

var (
	grant    = map[string]any{"outcome": "GRANTED"}
	verified = map[string]any{"performed_at": "2026-11-23T09:00:00Z", "level": "IN_PERSON"}
)

func (x *tax) granted(t testing.TB, caseRef string) {
	t.Helper()
	x.must(t, "verifier", "decision.made", caseRef, grant)
}

func (x *tax) identified(t testing.TB, caseRef string) {
	t.Helper()
	x.must(t, "police", "identity.verified", caseRef, verified)
}

// assigned brings a case to its number and card.
func (x *tax) assigned(t testing.TB, caseRef string) string {
	t.Helper()
	x.granted(t, caseRef)
	x.identified(t, caseRef)
	number := x.number(t, caseRef)
	if number == "" {
		t.Fatalf("%s has no number: %+v", caseRef, x.line(t, caseRef))
	}
	return number
}

func (x *tax) line(t testing.TB, caseRef string) desk.Line {
	t.Helper()
	line, err := x.Get(t.Context(), caseRef)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func (x *tax) number(t testing.TB, caseRef string) string {
	t.Helper()
	line := x.line(t, caseRef)
	if line.Registration == nil {
		return ""
	}
	current, _ := line.Registration.Current()
	return current.Number
}

// happened gives the names of a case's events, in order.
func (x *tax) happened(t testing.TB, caseRef string) []string {
	t.Helper()
	var names []string
	for _, kind := range x.Events(t, caseRef) {
		names = append(names, (&eventbus.Event{Type: kind}).Name())
	}
	return names
}

// data gives what the last event of a name says.
func (x *tax) data(t testing.TB, caseRef, name string) map[string]any {
	t.Helper()
	rows, err := x.DB.Read().QueryContext(t.Context(), `SELECT payload FROM event_outbox WHERE case_ref = $1 AND type = $2 ORDER BY sequence`, caseRef, eventbus.TypeOf(name))
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) ([]byte, error) {
		var payload []byte
		return payload, r.Scan(&payload)
	})
	if err != nil || len(all) == 0 {
		t.Fatal(name, err)
	}
	event, err := eventbus.Parse(all[len(all)-1])
	if err != nil {
		t.Fatal(err)
	}
	return event.Data
}

func (x *tax) expect(t testing.TB, caseRef string, want ...string) {
	t.Helper()
	if got := x.happened(t, caseRef); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", caseRef, got, want)
	}
}

var whole = []string{"identifier.requested", "identifier.assigned", "taxcard.issued"}

func TestNumberIsAssignedOnceInWhicheverOrder(t *testing.T) {
	for name, order := range map[string][]func(*tax, testing.TB, string){
		"decision first": {(*tax).granted, (*tax).identified},
		"identity first": {(*tax).identified, (*tax).granted},
	} {
		x := open(t)
		order[0](x, t, "case_1")
		if line := x.line(t, "case_1"); line.Standing != desk.Waiting || len(x.register.asked) != 0 {
			t.Errorf("%s: %s after the first event", name, line.Standing)
		}
		order[1](x, t, "case_1")
		first := x.number(t, "case_1")
		if line := x.line(t, "case_1"); line.Standing != desk.Assigned || line.Registration.Card().Year != 2026 {
			t.Fatalf("%s: %+v", name, line)
		}
		for _, again := range order {
			again(x, t, "case_1")
		}
		if second := x.number(t, "case_1"); second != first || len(x.register.asked) != 1 {
			t.Errorf("%s: a second number", name)
		}
		x.expect(t, "case_1", whole...)
		if got := x.Credentials(t, "case_1"); !slices.Equal(got, []string{"TaxCard offered", "TaxRegistration offered"}) {
			t.Errorf("%s: %v", name, got)
		}
		if data := x.data(t, "case_1", "identifier.assigned"); data["kind"] != "FNR" || data["how"] != "ASSIGNED" {
			t.Errorf("%s: %v", name, data)
		}
	}
}

func TestNoTwoWorkersShareANumber(t *testing.T) {
	x := open(t)
	numbers := map[string]bool{}
	for _, ref := range []string{"case_1", "case_2", "case_3"} {
		number := x.assigned(t, ref)
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
	x.assigned(t, "case_1")
	if kind := x.line(t, "case_1").Registration.Kind(); kind != identifier.DNumber {
		t.Error(kind)
	}
}

func TestIdentityOfARefusedCaseGivesNoNumber(t *testing.T) {
	x := open(t)
	x.must(t, "verifier", "decision.made", "case_1", map[string]any{"outcome": "REFUSED"})
	x.identified(t, "case_1")
	if line := x.line(t, "case_1"); line.Standing != desk.NotGranted || len(x.Events(t, "case_1")) != 0 || len(x.register.asked) != 0 {
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

func TestFailedCaseIsListedWithItsRule(t *testing.T) {
	x := open(t)
	x.spoil = func(v *onboarding.View) { v.Claims = nil }
	x.granted(t, "case_1")
	x.spoil = nil
	x.granted(t, "case_2")
	failed, err := x.List(t.Context(), desk.Failed, 0, 10)
	if err != nil || len(failed) != 1 || failed[0].CaseRef != "case_1" || failed[0].Rule != "view.claims" {
		t.Errorf("%+v %v", failed, err)
	}
	all, err := x.List(t.Context(), "", 0, 10)
	if err != nil || len(all) != 2 || all[0].CaseRef != "case_1" {
		t.Errorf("%+v %v", all, err)
	}
}
