// Package harness opens what a service stands on, with a real database in the
// test's own directory, a clock that the test moves and no network: messages
// and events stay in their outboxes, where a test can read them.
package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Harness is a service without its listeners.
type Harness struct {
	DB     *sqldb.DB
	Book   *identity.Book
	Agent  *agent.Agent
	Lists  *statuslist.Lists
	Issuer *issuance.Issuer
	Outbox *events.Outbox
	Clock  *testkit.Clock
	DID    string
}

// Start is when every harness begins: a Monday morning.
var Start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// Open opens a service's harness; the test closes it by itself.
func Open(t testing.TB, service string, migrations ...sqldb.Migrations) *Harness {
	t.Helper()
	ctx := context.Background()
	all := append([]sqldb.Migrations{
		epoch.Migrations(), identity.Migrations(), agent.Migrations(), events.Migrations(), statuslist.Migrations(), issuance.Migrations(),
	}, migrations...)
	db := testkit.Database(t, all...)
	var err error
	h := &Harness{DB: db, Clock: testkit.ClockAt(Start), DID: "did:web:" + service + ".kompetansespor.example"}
	if h.Book, err = identity.Open(ctx, db, bytes.Repeat([]byte{7}, 32), h.Clock); err != nil {
		t.Fatal(err)
	}
	publicURL := "https://" + service + ".kompetansespor.example"
	if err := h.Book.EnsureOrganisation(ctx, h.DID, "", publicURL+"/didcomm"); err != nil {
		t.Fatal(err)
	}
	h.Agent = agent.New(agent.Config{DB: db, Book: h.Book, Resolver: did.Static{}, Clock: h.Clock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler)})
	h.Lists = statuslist.New(statuslist.Config{
		DB: db, Signer: h.Book, AssertionKey: h.Book.AssertionKey, Clock: h.Clock, Random: rand.Reader, BaseURL: publicURL, Lifetime: time.Minute,
	})
	h.Issuer = issuance.New(issuance.Config{DB: db, Book: h.Book, Agent: h.Agent, Lists: h.Lists, Clock: h.Clock, Random: rand.Reader})
	h.Outbox = &events.Outbox{Producer: service, Source: publicURL, Clock: h.Clock, Random: rand.Reader, Bell: runner.NewBell()}
	return h
}

// Events gives the types of a case's events in the outbox, in order.
func (h *Harness) Events(t testing.TB, caseRef string) []string {
	t.Helper()
	return h.texts(t, `SELECT type FROM event_outbox WHERE case_ref = $1 ORDER BY sequence`, caseRef)
}

// Credentials gives type and state of what was reserved for a reference, such
// as "TaxCard offered", by type.
func (h *Harness) Credentials(t testing.TB, reference string) []string {
	t.Helper()
	return h.texts(t, `SELECT type || ' ' || state FROM issuance WHERE reference = $1 ORDER BY type`, reference)
}

func (h *Harness) texts(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := h.DB.Read().QueryContext(t.Context(), query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var text string
		err := r.Scan(&text)
		return text, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
