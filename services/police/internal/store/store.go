// Package store keeps appointments, residence cards and what the police
// corrected in the police's database: rows to domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"math"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the police's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("police", schema) }

// Store is safe for concurrent use.
type Store struct {
	Offices diary.Offices
	// Sealer keeps what the police corrected.
	Sealer onboarding.Sealer
}

const columns = `a.id, a.case_ref, a.office_id, a.start_at, a.end_at, a.origin, a.state, a.cause, a.checkin, a.booked_at, a.officer, a.recorded_at,
	a.fingerprints_at, a.photo_at, a.signature_at`

// holding are the states in which an appointment takes its place. The unique
// index says the same.
const holding = `state IN ('BOOKED', 'ATTENDED', 'NOT_CONFIRMED', 'MISSED')`

// Take puts in a new appointment, in one place of its slot, and reports whether
// the place was free.
func (s Store) Take(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, place int) (bool, error) {
	snap := a.Snapshot()
	free, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO appointment (id, position, case_ref, office_id, start_at, end_at, place, origin, state, cause, checkin, booked_at, officer, recorded_at,
			fingerprints_at, photo_at, signature_at)
		VALUES ($1, (SELECT COALESCE(MAX(position), 0) + 1 FROM appointment), $2, $3, $4, $5, $6, $7, 'BOOKED', '', $8, $9, '', 0, 0, 0, 0)
		ON CONFLICT (office_id, start_at, place) WHERE `+holding+` DO NOTHING`,
		snap.ID, snap.CaseRef, snap.OfficeID, clock.Micros(snap.Start), clock.Micros(snap.End), place, string(snap.Origin), snap.CheckIn, clock.Micros(snap.BookedAt))
	if err != nil {
		return false, fmt.Errorf("add appointment: %w", err)
	}
	return free, nil
}

// Save writes an appointment's life back. was is the state in which it was read:
// Conflict when it has left that meanwhile.
func (s Store) Save(ctx context.Context, tx *sqldb.Tx, a *appointment.Appointment, was appointment.State) error {
	snap := a.Snapshot()
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE appointment SET state = $1, cause = $2, officer = $3, recorded_at = $4, fingerprints_at = $5, photo_at = $6, signature_at = $7
		WHERE id = $8 AND state = $9`,
		string(snap.State), snap.Cause, snap.Officer, clock.Micros(snap.RecordedAt), clock.Micros(snap.Biometrics.Fingerprints),
		clock.Micros(snap.Biometrics.Photo), clock.Micros(snap.Biometrics.Signature), snap.ID, string(was))
	if err != nil {
		return fmt.Errorf("save appointment: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Conflict, "appointment.already-recorded", "the appointment has been changed meanwhile: look at it again")
	}
	return nil
}

// Visits finds the appointments of a case, oldest first; none is no fault.
func (s Store) Visits(ctx context.Context, q sqldb.Querier, caseRef string) (appointment.Visits, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM appointment AS a WHERE a.case_ref = $1 ORDER BY a.position`, caseRef)
	all, err := sqldb.Collect(rows, err, s.scan)
	if err != nil {
		return nil, fmt.Errorf("read appointments: %w", err)
	}
	return all, nil
}

// ByID finds an appointment.
func (s Store) ByID(ctx context.Context, q sqldb.Querier, id string) (*appointment.Appointment, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM appointment AS a WHERE a.id = $1`, id)
	all, err := sqldb.Collect(rows, err, s.scan)
	if err != nil {
		return nil, fmt.Errorf("read appointment: %w", err)
	}
	if len(all) == 0 {
		return nil, fault.New(fault.NotFound, "appointment.unknown", "there is no such appointment")
	}
	return all[0], nil
}

// Taken counts the appointments of each slot that starts later, by its start in
// seconds since 1970.
func (s Store) Taken(ctx context.Context, q sqldb.Querier, officeID string, after time.Time) (map[int64]int, error) {
	type slot struct {
		start int64
		count int
	}
	rows, err := q.QueryContext(ctx, `SELECT start_at, COUNT(*) FROM appointment WHERE office_id = $1 AND start_at > $2 AND `+holding+` GROUP BY start_at`,
		officeID, clock.Micros(after))
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

// row is an appointment as its columns are.
type row struct {
	snap                                                               appointment.Snapshot
	start, end, booked, recorded, fingerprintsAt, photoAt, signatureAt int64
}

func (r *row) into() []any {
	s := &r.snap
	return []any{&s.ID, &s.CaseRef, &s.OfficeID, &r.start, &r.end, &s.Origin, &s.State, &s.Cause, &s.CheckIn, &r.booked, &s.Officer, &r.recorded,
		&r.fingerprintsAt, &r.photoAt, &r.signatureAt}
}

func (r *row) restore(offices diary.Offices) (*appointment.Appointment, error) {
	r.snap.Start, r.snap.End = clock.FromMicros(r.start), clock.FromMicros(r.end)
	r.snap.BookedAt, r.snap.RecordedAt = clock.FromMicros(r.booked), clock.FromMicros(r.recorded)
	r.snap.Biometrics = appointment.Biometrics{
		Fingerprints: clock.FromMicros(r.fingerprintsAt), Photo: clock.FromMicros(r.photoAt), Signature: clock.FromMicros(r.signatureAt),
	}
	return appointment.Restore(r.snap, offices)
}

func (s Store) scan(rows *sql.Rows) (*appointment.Appointment, error) {
	var one row
	if err := rows.Scan(one.into()...); err != nil {
		return nil, err
	}
	return one.restore(s.Offices)
}

// List gives cases that failed, then appointments, soonest first. A line's
// cursor is its start and its position, which is far smaller than the time between
// two starts; a failed case's, far smaller still, the case's own position.
func (s Store) List(ctx context.Context, q sqldb.Querier, l desk.Listing) ([]desk.Listed, error) {
	var failed []desk.Listed
	if l.OfficeID == "" && l.From.IsZero() {
		var err error
		if failed, err = s.failed(ctx, q, l.CaseRef, l.After, l.Limit); err != nil || len(failed) == l.Limit {
			return failed, err
		}
	}
	until := int64(math.MaxInt64)
	if !l.Until.IsZero() {
		until = clock.Micros(l.Until)
	}
	rows, err := q.QueryContext(ctx, listed(l), l.CaseRef, l.After, l.Limit-len(failed), l.OfficeID, clock.Micros(l.From), until)
	booked, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Listed, error) {
		var one row
		var line desk.Listed
		if err := r.Scan(append([]any{&line.Cursor}, one.into()...)...); err != nil {
			return line, err
		}
		var err error
		line.CaseRef = one.snap.CaseRef
		line.Appointment, err = one.restore(s.Offices)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("list appointments: %w", err)
	}
	for i := range booked {
		if booked[i].Card, err = s.cardOf(ctx, q, booked[i].Appointment); err != nil {
			return nil, err
		}
	}
	return append(failed, booked...), nil
}

// listed is the query of a listing. Those of one case are found by the case.
func listed(l desk.Listing) string {
	of := "$1 = ''"
	if l.CaseRef != "" {
		of = "a.case_ref = $1"
	}
	return `
		SELECT a.start_at + a.position, ` + columns + ` FROM appointment AS a
		WHERE ` + of + ` AND a.start_at + a.position > $2
			AND ($4 = '' OR a.office_id = $4) AND a.start_at >= $5 AND a.start_at < $6
		ORDER BY 1 LIMIT $3`
}

func (s Store) failed(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]desk.Listed, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT position, case_ref, rule FROM onboarding_case
		WHERE state = 'FAILED' AND ($1 = '' OR case_ref = $1) AND position > $2 ORDER BY position LIMIT $3`, caseRef, after, limit)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Listed, error) {
		var line desk.Listed
		err := r.Scan(&line.Cursor, &line.CaseRef, &line.Rule)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("list failed cases: %w", err)
	}
	return all, nil
}
