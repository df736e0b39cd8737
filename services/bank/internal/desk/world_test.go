package desk_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
)

const (
	fnr, otherFNR     = "01819020074", "01819020155"
	dNumber           = "41819020068"
	employer, another = "310000019", "310000051"
)

// world is banks with a real database; what they ask is answered by the test.
type world struct {
	*harness.Harness
	*desk.Desk
	store store.Store
	first tenant.Clerk
	other tenant.Clerk

	mu           sync.Mutex // guards what follows
	views, asked int
	numbers      map[string]string         // by case; fnr when there is none
	claims       map[string]map[string]any // by case, over those of the harness
	bank         map[string]string         // the DID that the consent of a case names
	shares       map[string][]string
	taxErr       error
	list         *sanctions.List
	listErr      error
}

func (w *world) View(_ context.Context, caseRef string) (onboarding.View, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.views++
	view := harness.View(caseRef)
	view.AgencyDID, view.Shares = w.bank[caseRef], w.shares[caseRef]
	for i, claim := range view.Claims {
		if value, there := w.claims[caseRef][claim.Path]; there {
			view.Claims[i].Value = value
		}
	}
	for path, value := range w.claims[caseRef] {
		if !slices.ContainsFunc(view.Claims, func(c onboarding.Claim) bool { return c.Path == path }) {
			view.Claims = append(view.Claims, onboarding.Claim{Path: path, Value: value})
		}
	}
	return view, nil
}

func (w *world) Identifier(_ context.Context, caseRef string) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	if n := w.numbers[caseRef]; n != "" {
		return n, w.taxErr
	}
	return fnr, w.taxErr
}

func (w *world) List(context.Context) (*sanctions.List, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.listErr != nil {
		return nil, w.listErr
	}
	return w.list, w.list.Check(w.Harness.Clock.Now())
}

func listOf(t testing.TB, version string, rows ...string) *sanctions.List {
	t.Helper()
	l, err := sanctions.Parse([]byte("#version," + version + "\n#issued,2026-11-01T00:00:00Z\n#next_update,2027-12-01T00:00:00Z\nid,kind,names,births,source\n" +
		strings.Join(append(rows, "S0,SANCTION,Nobody Whatsoever,1901,x"), "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// lisaListed is the person of the harness on a list.
const lisaListed = "S1,SANCTION,Johnson Lisa,1990-01-01,x"

func openWorld(t *testing.T) *world { return openBanks(t, true) }

func openBanks(t *testing.T, two bool) *world {
	t.Helper()
	h := harness.Open(t, "bank", onboarding.Migrations(), store.Migrations())
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parameters, err := diligence.LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	strict := tenant.Default()
	strict[0].TakesDNumber, strict[0].PoliceIdentify = false, false
	banks := tenant.Banks{
		{DID: h.DID, OrganisationNumber: "310000027", Name: "Testbanken", BIC: "TESTNOKK", Code: "9999", Rules: tenant.Default()},
		{DID: h.DID + ":banks:310000051", OrganisationNumber: "310000051", Name: "Sparebanken Test", BIC: "SPTENO22", Code: "9998", Rules: strict},
	}
	if !two {
		banks = banks[:1]
	}
	for _, b := range banks {
		if err := h.Book.EnsureOrganisation(t.Context(), b.DID, b.OrganisationNumber, "https://bank.kompetansespor.example/didcomm"); err != nil {
			t.Fatal(err)
		}
	}
	w := &world{
		Harness: h, store: store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint},
		first: tenant.Clerk{Bank: banks[0], Name: "clerk-1"}, other: tenant.Clerk{Bank: banks[len(banks)-1], Name: "clerk-2"},
		numbers: map[string]string{}, claims: map[string]map[string]any{}, bank: map[string]string{}, shares: map[string][]string{},
		list: listOf(t, "v1"),
	}
	for n := range 60 {
		w.bank[fmt.Sprintf("case_%d", n)] = h.DID
	}
	w.Desk = desk.New(desk.Config{
		DB: h.DB, Store: w.store, Identifiers: w, Lists: w, Diligence: parameters, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock,
		Random: rand.Reader, Mode: identifier.Synthetic, Banks: banks,
	})
	w.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: w, Verb: w.Open, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return w
}

// DB, Clock, Issuer and Outbox are both the harness's and the desk's.
func (w *world) db() *sqldb.DB { return w.Harness.DB }

// told brings an event as the inbox does.
func (w *world) told(t testing.TB, producer, name, caseRef string, data map[string]any) {
	t.Helper()
	handler := inbox.Handlers(w.Desk)[producer][name]
	if handler == nil {
		t.Fatalf("nobody takes %s of %s", name, producer)
	}
	err := w.db().Tx(t.Context(), func(tx *sqldb.Tx) error {
		return handler(t.Context(), tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// event brings an event and works until there is nothing to do.
func (w *world) event(t testing.TB, producer, name, caseRef string, data map[string]any) {
	t.Helper()
	w.told(t, producer, name, caseRef, data)
	w.steps(t)
}

func (w *world) steps(t testing.TB) {
	t.Helper()
	for n, busy := 0, true; busy; n++ {
		var err error
		if busy, err = w.Cases.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n > 50 {
			t.Fatal("never idle")
		}
	}
}

func (w *world) later(t testing.TB) {
	t.Helper()
	w.Harness.Clock.Pass(10 * time.Second)
	w.steps(t)
}

func (w *world) granted(t testing.TB, caseRef string) {
	t.Helper()
	w.event(t, "verifier", "decision.made", caseRef, map[string]any{"outcome": "GRANTED"})
}

func (w *world) assigned(t testing.TB, caseRef string) {
	t.Helper()
	w.event(t, "tax", "identifier.assigned", caseRef, map[string]any{"kind": "FNR", "how": "ASSIGNED"})
}

// replaced gives the person of a case another number and tells the bank.
func (w *world) replaced(t testing.TB, caseRef, number string) {
	t.Helper()
	w.numbers[caseRef] = number
	w.event(t, "tax", "identifier.replaced", caseRef, nil)
}

func (w *world) stands(t testing.TB, name, caseRef, cause string) {
	t.Helper()
	w.event(t, "verifier", name, caseRef, map[string]any{"cause": cause})
}

func (w *world) opened(t testing.TB, caseRef string) desk.Line {
	t.Helper()
	w.granted(t, caseRef)
	w.assigned(t, caseRef)
	line := w.line(t, caseRef)
	if line.Standing != desk.Opened {
		t.Fatalf("%s: %+v", caseRef, line)
	}
	return line
}

func (w *world) clerkOf(caseRef string) tenant.Clerk {
	if w.bank[caseRef] == w.other.Bank.DID {
		return w.other
	}
	return w.first
}

func (w *world) line(t testing.TB, caseRef string) desk.Line {
	t.Helper()
	line, err := w.Get(t.Context(), w.clerkOf(caseRef), caseRef)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func (w *world) standing(t testing.TB, caseRef string, want desk.Standing) {
	t.Helper()
	if line := w.line(t, caseRef); line.Standing != want {
		t.Fatalf("%s is %s (%s), want %s", caseRef, line.Standing, line.Rule, want)
	}
}

func (w *world) word(caseRef, code string) desk.Word {
	return desk.Word{Clerk: w.clerkOf(caseRef), CaseRef: caseRef, Code: code, Reason: "looked at the passport"}
}

// told gives the middle of the types of a case's events, in order.
func (w *world) happened(t testing.TB, caseRef string) string {
	t.Helper()
	var all []string
	for _, one := range w.Events(t, caseRef) {
		all = append(all, strings.TrimSuffix(strings.TrimPrefix(one, "no.kompetansespor."), ".v1"))
	}
	return strings.Join(all, ",")
}

// confirmation tells of the current confirmation of a case whether it is
// revoked or suspended.
func (w *world) confirmation(t testing.TB, caseRef string) string {
	t.Helper()
	var state string
	var revoked, suspended int64
	err := w.db().Read().QueryRowContext(t.Context(), `
		SELECT i.state, s.revoked_at, s.suspended_at FROM issuance i JOIN status_entry s ON s.credential_id = i.credential_id
		WHERE i.reference = $1 AND i.type = 'BankAccountConfirmation'`, caseRef).Scan(&state, &revoked, &suspended)
	switch {
	case err != nil:
		return "none"
	case revoked != 0:
		return "revoked"
	case suspended != 0:
		return "suspended"
	}
	return state
}
