// Package store keeps appointments in the police's database: rows to domain
// and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the police's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("police", schema) }

// Store is safe for concurrent use. Zone is where the offices' clocks hang.
type Store struct{ Zone *time.Location }

const columns = `a.id, a.case_ref, a.office_id, a.start_at, a.state, a.booked_at, a.officer, a.attended_at, a.card_number, a.card_at`

// Add puts in a new appointment.
func (s Store) Add(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, place int) error {
	snap := a.Snapshot()
	_, err := tx.ExecContext(ctx, `
		INSERT INTO appointment (id, case_ref, office_id, start_at, place, state, booked_at, officer, attended_at, card_number, card_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', 0, NULL, 0)`,
		snap.ID, snap.CaseRef, snap.OfficeID, clock.Micros(snap.Start), place, string(snap.State), clock.Micros(snap.BookedAt))
	if err != nil {
		return fmt.Errorf("add appointment: %w", err)
	}
	return nil
}

// Save writes an appointment's life back, while it is still booked: a visit is
// recorded once.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment) error {
	snap := a.Snapshot()
	card := sql.NullString{String: snap.CardNumber, Valid: snap.CardNumber != ""}
	n, err := sqldb.Changed(ctx, tx, `UPDATE appointment SET state = $1, officer = $2, attended_at = $3, card_number = $4, card_at = $5 WHERE id = $6 AND state = 'BOOKED'`,
		string(snap.State), snap.Officer, clock.Micros(snap.AttendedAt), card, clock.Micros(snap.CardAt), snap.ID)
	if err != nil {
		return fmt.Errorf("save appointment: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "appointment.already-recorded", "the visit has been recorded meanwhile")
	}
	return nil
}

// ByCase finds the appointment of a case.
func (s Store) ByCase(ctx context.Context, q sqldb.Querier, caseRef string) (*appointment.Appointment, error) {
	return s.one(q.QueryContext(ctx, `SELECT `+columns+` FROM appointment AS a WHERE a.case_ref = $1`, caseRef))
}

// ByID finds an appointment.
func (s Store) ByID(ctx context.Context, q sqldb.Querier, id string) (*appointment.Appointment, error) {
	return s.one(q.QueryContext(ctx, `SELECT `+columns+` FROM appointment AS a WHERE a.id = $1`, id))
}

// Taken counts the appointments of each slot that starts later, by its start in
// seconds since 1970.
func (s Store) Taken(ctx context.Context, q sqldb.Querier, officeID string, after time.Time) (map[int64]int, error) {
	type slot struct {
		start int64
		count int
	}
	rows, err := q.QueryContext(ctx, `SELECT start_at, COUNT(*) FROM appointment WHERE office_id = $1 AND start_at > $2 GROUP BY start_at`, officeID, clock.Micros(after))
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (slot, error) {
		var one slot
		err := r.Scan(&one.start, &one.count)
		return one, err
	})
	if err != nil {
		return nil, fmt.Errorf("read diary: %w", err)
	}
	taken := make(map[int64]int, len(all))
	for _, one := range all {
		taken[clock.FromMicros(one.start).Unix()] = one.count
	}
	return taken, nil
}

// CardTaken says whether a card has the number.
func (s Store) CardTaken(ctx context.Context, q sqldb.Querier, number string) (bool, error) {
	var taken int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM appointment WHERE card_number = $1`, number).Scan(&taken)
	return taken > 0, err
}

// List gives cases that failed, then appointments, soonest first. A line's
// cursor is its start and place; a failed case's, far smaller, its position.
func (s Store) List(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]desk.Listed, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT c.case_ref, c.rule, COALESCE(a.start_at + a.place, c.position), a.id IS NOT NULL,
			COALESCE(a.id, ''), COALESCE(a.office_id, ''), COALESCE(a.start_at, 0), COALESCE(a.state, ''), COALESCE(a.booked_at, 0),
			COALESCE(a.officer, ''), COALESCE(a.attended_at, 0), COALESCE(a.card_number, ''), COALESCE(a.card_at, 0)
		FROM onboarding_case AS c LEFT JOIN appointment AS a ON a.case_ref = c.case_ref
		WHERE (a.id IS NOT NULL OR c.state = 'FAILED') AND ($1 = '' OR c.case_ref = $1) AND COALESCE(a.start_at + a.place, c.position) > $2
		ORDER BY 3 LIMIT $3`, caseRef, after, limit)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Listed, error) {
		var line desk.Listed
		var snap appointment.Snapshot
		var booked bool
		var start, bookedAt, attended, card int64
		err := r.Scan(&line.CaseRef, &line.Rule, &line.Cursor, &booked, &snap.ID, &snap.OfficeID, &start, &snap.State, &bookedAt, &snap.Officer, &attended, &snap.CardNumber, &card)
		if err != nil || !booked {
			return line, err
		}
		snap.CaseRef, snap.Start, snap.BookedAt, snap.AttendedAt, snap.CardAt = line.CaseRef, clock.FromMicros(start), clock.FromMicros(bookedAt), clock.FromMicros(attended), clock.FromMicros(card)
		line.Rule = ""
		line.Appointment, err = appointment.Restore(snap, s.Zone)
		return line, err
	})
}

func (s Store) one(rows *sql.Rows, err error) (*appointment.Appointment, error) {
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (*appointment.Appointment, error) {
		var snap appointment.Snapshot
		var card sql.NullString
		var start, booked, attended, cardAt int64
		if err := r.Scan(&snap.ID, &snap.CaseRef, &snap.OfficeID, &start, &snap.State, &booked, &snap.Officer, &attended, &card, &cardAt); err != nil {
			return nil, err
		}
		snap.Start, snap.BookedAt, snap.AttendedAt, snap.CardNumber, snap.CardAt = clock.FromMicros(start), clock.FromMicros(booked), clock.FromMicros(attended), card.String, clock.FromMicros(cardAt)
		return appointment.Restore(snap, s.Zone)
	})
	if err != nil {
		return nil, fmt.Errorf("read appointment: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "appointment.unknown", "there is no such appointment")
	}
	return all[0], nil
}
