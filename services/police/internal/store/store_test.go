package store_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	_ "time/tzdata" // machines without a zone database

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
)

// What the service kept before a case could have several appointments is there
// after: visits, cards, places.
func TestOldAppointmentsAndCardsMove(t *testing.T) {
	all := store.Migrations()
	first, err := fs.ReadFile(all.Files, "00001_police.sql")
	if err != nil {
		t.Fatal(err)
	}
	driver, dsn := testkit.Source(t)
	db := testkit.Open(t, driver, dsn, sqldb.Migrations{Name: all.Name, Files: fstest.MapFS{"00001_police.sql": {Data: first}}})
	start := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO appointment (id, case_ref, office_id, start_at, place, state, booked_at, officer, attended_at, card_number, card_at) VALUES
			('apt_1', 'case_1', 'SUA-OSLO', $1, 0, 'BOOKED', $2, '', 0, NULL, 0),
			('apt_2', 'case_2', 'SUA-OSLO', $1, 1, 'CARD_ISSUED', $2, 'o', $1, 'RTA0000007', $1),
			('apt_3', 'case_3', 'SUA-BERGEN', $1, 0, 'NOT_CONFIRMED', $2, 'o', $1, NULL, 0)`,
			clock.Micros(start), clock.Micros(start.Add(-time.Hour)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = testkit.Open(t, driver, dsn, onboarding.Migrations(), all)
	zone, err := time.LoadLocation(diary.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	offices, err := diary.LoadOffices(zone)
	if err != nil {
		t.Fatal(err)
	}
	kept := store.Store{Offices: offices}
	for ref, state := range map[string]appointment.State{"case_1": appointment.Booked, "case_2": appointment.Attended, "case_3": appointment.NotConfirmed} {
		visits, err := kept.Visits(t.Context(), db.Read(), ref)
		if err != nil || len(visits) != 1 || visits[0].State() != state || visits[0].Origin() != appointment.First ||
			!visits[0].Slot().Start.Equal(start) || visits[0].Slot().End.Sub(start) != 20*time.Minute {
			t.Errorf("%s: %+v %v", ref, visits, err)
		}
	}
	c, err := kept.Card(t.Context(), db.Read(), "case_2")
	if err != nil || c.Number != "RTA0000007" || c.State != card.Numbered || !c.IssuedAt.Equal(start) || c.Shown != 1 {
		t.Errorf("%+v %v", c, err)
	}
	// Who has read what another has changed since saves nothing.
	stale, err := kept.Visits(t.Context(), db.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	held, err := kept.Card(t.Context(), db.Read(), "case_2")
	if err != nil {
		t.Fatal(err)
	}
	for i, rule := range []string{"", "appointment.already-recorded card.changed"} {
		var rules []string
		for _, save := range []func(tx *sqldb.Tx) error{
			func(tx *sqldb.Tx) error {
				if i == 0 {
					_, _ = stale[0].Cancel("OFFICER", start)
				}
				return kept.Save(t.Context(), tx, stale[0], appointment.Booked)
			},
			func(tx *sqldb.Tx) error {
				held.Revoke("OFFICER", start)
				return kept.SaveCard(t.Context(), tx, held, card.Numbered)
			},
		} {
			if err := db.Tx(t.Context(), save); err != nil {
				rules = append(rules, fault.RuleOf(err))
			}
		}
		if got := strings.Join(rules, " "); got != rule {
			t.Errorf("%d: %q, want %q", i, got, rule)
		}
	}
	taken, err := kept.Taken(t.Context(), db.Read(), "SUA-OSLO", start.Add(-1000))
	if err != nil || taken[start.Unix()] != 1 {
		t.Error(taken, err)
	}
	lines, err := kept.List(t.Context(), db.Read(), desk.Listing{After: -1, Limit: 10})
	if err != nil || len(lines) != 3 {
		t.Error(lines, err)
	}
}
