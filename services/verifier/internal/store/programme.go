package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/programme"
)

// Programme reads timelines, and nothing else of a case: it needs no key.
type Programme struct{ DB *sqldb.DB }

const selectSteps = `
	SELECT c.ref, c.position, s.milestone, s.service, s.at, s.time_class, s.cause
	FROM case_file AS c JOIN case_step AS s ON s.case_ref = c.ref `

// Timeline is one case's.
func (p Programme) Timeline(ctx context.Context, caseRef string) (programme.Timeline, error) {
	all, err := p.timelines(ctx, selectSteps+`WHERE c.ref = $1 ORDER BY s.position`, caseRef)
	if err != nil {
		return programme.Timeline{}, err
	}
	if len(all) == 0 {
		return programme.Timeline{}, unknown()
	}
	return all[0], nil
}

// Month are the timelines of the cases that took a step in [from, until).
func (p Programme) Month(ctx context.Context, from, until time.Time) ([]programme.Timeline, error) {
	return p.timelines(ctx, selectSteps+`
		WHERE c.ref IN (SELECT case_ref FROM case_step WHERE at >= $1 AND at < $2)
		ORDER BY c.position, s.position`, clock.Micros(from), clock.Micros(until))
}

// Taken counts the steps before an instant.
func (p Programme) Taken(ctx context.Context, until time.Time) (n int64, err error) {
	err = p.DB.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM case_step WHERE at < $1`, clock.Micros(until)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count steps: %w", err)
	}
	return n, nil
}

// Open are the timelines of cases that have not ended, by position.
func (p Programme) Open(ctx context.Context, after int64, limit int) ([]programme.Timeline, error) {
	return p.timelines(ctx, selectSteps+`
		WHERE c.ref IN (SELECT o.ref FROM case_file AS o WHERE o.position > $1 AND o.state NOT IN ($2, $3, $4, $5, $6, $7)
			ORDER BY o.position LIMIT $8)
		ORDER BY c.position, s.position`, after, string(casefile.Completed), string(casefile.Revoked), string(casefile.Refused),
		string(casefile.Withdrawn), string(casefile.UNEUpheld), string(casefile.Halted), limit)
}

// timelines gathers rows that come case by case.
func (p Programme) timelines(ctx context.Context, query string, args ...any) ([]programme.Timeline, error) {
	var all []programme.Timeline
	rows, err := p.DB.Read().QueryContext(ctx, query, args...)
	_, err = sqldb.Collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var one programme.Timeline
		var step casefile.Step
		var at int64
		err := r.Scan(&one.CaseRef, &one.Position, &step.Step, &step.Service, &at, &step.TimeClass, &step.Cause)
		step.At = clock.FromMicros(at)
		if last := len(all) - 1; last < 0 || all[last].CaseRef != one.CaseRef {
			all = append(all, one)
		}
		last := &all[len(all)-1]
		last.Steps = append(last.Steps, step)
		return struct{}{}, err
	})
	if err != nil {
		return nil, fmt.Errorf("read timelines: %w", err)
	}
	return all, nil
}
