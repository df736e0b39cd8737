package desk_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
)

// police is the desk on a real database, with a view that a test can change.
type police struct {
	*harness.Harness
	*desk.Desk
	spoil   func(*onboarding.View)
	viewErr error // of the view for early start
}

func (p *police) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	if p.spoil != nil {
		p.spoil(&view)
	}
	return view, nil
}

// early reads before the decision.
type early struct{ *police }

func (e early) View(ctx context.Context, caseRef string) (onboarding.View, error) {
	if e.viewErr != nil {
		return onboarding.View{}, e.viewErr
	}
	view, err := e.police.View(ctx, caseRef)
	view.Permit = onboarding.Permit{}
	return view, err
}

type figures struct {
	offices  diary.Offices
	policies appointment.Policies
	early    earlystart.Rule
}

var loaded = sync.OnceValues(func() (f figures, err error) {
	zone, err := time.LoadLocation(diary.TimeZone)
	if err != nil {
		return f, err
	}
	if f.offices, err = diary.LoadOffices(zone); err != nil {
		return f, err
	}
	if f.policies, err = appointment.LoadPolicies(); err != nil {
		return f, err
	}
	f.early, err = earlystart.Load()
	return f, err
})

func open(t *testing.T) *police {
	t.Helper()
	f, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	h := harness.Open(t, "police", onboarding.Migrations(), store.Migrations())
	p := &police{Harness: h}
	p.Desk = desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Offices: f.offices, Sealer: h.Book.KeyStore()}, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		DID: h.DID, Offices: f.offices, Policies: f.policies, Early: f.early, EarlyViews: early{p}, Office: "SUA-OSLO", Capacity: 2,
	})
	p.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: p, Verb: p.Desk.Settle, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return p
}

// take hands an event of the verifier to its handler.
func (p *police) take(t testing.TB, caseRef, kind string, data map[string]any) {
	t.Helper()
	err := p.DB.Tx(context.Background(), func(tx *sqldb.Tx) error {
		return p.Cases.Handlers()[kind](context.Background(), tx, &eventbus.Event{Case: caseRef, Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// steps works until there is nothing to do.
func (p *police) steps(t testing.TB) {
	t.Helper()
	for range 100 {
		busy, err := p.Cases.Step(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			return
		}
	}
	t.Fatal("never idle")
}

func (p *police) event(t testing.TB, caseRef, kind string, data map[string]any) {
	t.Helper()
	p.take(t, caseRef, kind, data)
	p.steps(t)
}

func (p *police) granted(t testing.TB, caseRef string) {
	t.Helper()
	p.event(t, caseRef, "decision.made", map[string]any{"outcome": "GRANTED"})
}

func (p *police) halted(t testing.TB, cause string) {
	t.Helper()
	p.event(t, "case_1", "case.halted", map[string]any{"cause": cause})
}

func (p *police) resumed(t testing.TB) {
	t.Helper()
	p.event(t, "case_1", "case.resumed", map[string]any{"cause": "OFFICER"})
}

func (p *police) revoked(t testing.TB) {
	t.Helper()
	p.event(t, "case_1", "permit.revoked", map[string]any{"cause": "PERMIT_REVOKED"})
}

func (p *police) visits(t testing.TB, caseRef string) appointment.Visits {
	t.Helper()
	visits, err := p.Store.Visits(context.Background(), p.DB.Read(), caseRef)
	if err != nil {
		t.Fatal(err)
	}
	return visits
}

func (p *police) last(t testing.TB) *appointment.Appointment {
	t.Helper()
	last := p.visits(t, "case_1").Last()
	if last == nil {
		t.Fatal("nothing is booked")
	}
	return last
}

// all is everything that an officer takes at a visit.
var all = desk.Taken{Fingerprints: true, Photo: true, Signature: true}

func (p *police) attend(t testing.TB, taken desk.Taken) {
	t.Helper()
	if _, err := p.RecordAttendance(context.Background(), attended(taken)); err != nil {
		t.Fatal(err)
	}
}

func attended(taken desk.Taken) desk.Attendance {
	return desk.Attendance{Which: desk.Which{CaseRef: "case_1"}, Confirmed: true, Officer: "officer-1", Taken: taken}
}

// happened compares the events of case_1 since the test began.
func (p *police) happened(t testing.TB, want ...string) {
	t.Helper()
	for i, e := range want {
		want[i] = "no.kompetansespor." + e + ".v1"
	}
	if got := p.Events(t, "case_1"); !slices.Equal(got, want) {
		t.Errorf("events\n %v\nwant\n %v", got, want)
	}
}

// credentials compares what counts for case_1.
func (p *police) credentials(t testing.TB, want ...string) {
	t.Helper()
	if got := p.Credentials(t, "case_1"); !slices.Equal(got, want) {
		t.Errorf("credentials %v, want %v", got, want)
	}
}

// data are those of the newest event of a type.
func (p *police) data(t testing.TB, kind string) map[string]any {
	t.Helper()
	var payload []byte
	err := p.DB.Read().QueryRowContext(context.Background(), `SELECT payload FROM event_outbox WHERE type = $1 ORDER BY sequence DESC LIMIT 1`,
		eventbus.TypeOf(kind)).Scan(&payload)
	if err != nil {
		t.Fatal(kind, err)
	}
	var event struct{ Data map[string]any }
	if err := json.Unmarshal(payload, &event); err != nil {
		t.Fatal(err)
	}
	return event.Data
}

// claims are those of the current credential of a type.
func (p *police) claims(t testing.TB, kind string) map[string]any {
	t.Helper()
	var id string
	var sealed []byte
	err := p.DB.Read().QueryRowContext(context.Background(), `SELECT credential_id, claims FROM issuance WHERE reference = 'case_1' AND type = $1`, kind).Scan(&id, &sealed)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := p.Book.KeyStore().Open(context.Background(), sealed, []byte(id))
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(plain, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// number answers a query of one number.
func (p *police) number(t testing.TB, query string, args ...any) int {
	t.Helper()
	var n sql.NullInt64
	if err := p.DB.Read().QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return int(n.Int64)
}

// claim puts a claim into the view.
func claim(path string, value any) func(*onboarding.View) {
	return func(v *onboarding.View) {
		v.Claims = slices.DeleteFunc(v.Claims, func(c onboarding.Claim) bool { return c.Path == path })
		v.Claims = append(v.Claims, onboarding.Claim{Path: path, Value: value, CredentialType: "OfferOfEmployment"})
	}
}
