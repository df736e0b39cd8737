package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// lines is every case with its standing: what became of the account first, then
// what stopped the case.
const lines = `SELECT case_ref, position, rule, standing_of, ` + columns + ` FROM (
		SELECT c.case_ref, c.position, c.rule, CASE
			WHEN a.state IN ('OPENED', 'FROZEN', 'CLOSED', 'DECLINED') THEN a.state
			WHEN c.state = 'FAILED' THEN 'FAILED'
			WHEN c.state = 'IGNORED' THEN 'NOT_GRANTED'
			WHEN a.state IN ('QUEUED', 'STOPPED', 'WAITING_FOR_FNR') THEN a.state
			ELSE 'WAITING' END AS standing_of,
			a.state, a.granted, a.identified, a.bban, a.holder, a.kind, a.opened_at,
			COALESCE(a.bank, '') AS bank, a.standing, a.cause, a.same_as, a.facts
		FROM onboarding_case AS c LEFT JOIN account AS a ON a.case_ref = c.case_ref) AS line `

// Line finds a case; NotFound for one that no event has named.
func (s Store) Line(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Line, error) {
	all, err := s.collect(ctx, q, lines+`WHERE case_ref = $1`, caseRef)
	if err == nil && len(all) == 0 {
		err = fault.New(fault.NotFound, "account.unknown", "no event has named this case")
	}
	if err != nil {
		return desk.Line{}, err
	}
	return all[0], nil
}

// Lines gives the cases of a bank after a cursor, oldest first.
func (s Store) Lines(ctx context.Context, q sqldb.Querier, of desk.Wanted) ([]desk.Line, error) {
	return s.collect(ctx, q, lines+`
		WHERE (bank = $1 OR (bank = '' AND $2 = 1)) AND ($3 = '' OR standing_of = $3) AND position > $4 ORDER BY position LIMIT $5`,
		of.Bank, truth(of.Unnamed), string(of.Standing), of.After, of.Limit)
}

func (s Store) collect(ctx context.Context, q sqldb.Querier, query string, args ...any) ([]desk.Line, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (desk.Line, error) {
		var line desk.Line
		var one row
		err := r.Scan(append([]any{&line.CaseRef, &line.Cursor, &line.Rule, &line.Standing}, one.fields()...)...)
		if err != nil || one.snap.State == "" {
			return line, err
		}
		line.Account, err = s.restore(ctx, line.CaseRef, one)
		return line, err
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return all, nil
}
