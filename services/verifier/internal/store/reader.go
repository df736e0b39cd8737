package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Reader reads the cases of a verifier that may be running: it changes nothing,
// and does not need what only new cases need.
type Reader struct{ store Store }

// NewReader makes a reader.
func NewReader(sealer Sealer) Reader { return Reader{Store{sealer: sealer}} }

// ByRef finds a case. Rule: case.unknown (NotFound).
func (r Reader) ByRef(ctx context.Context, q sqldb.Querier, caseRef string) (desk.Record, error) {
	return r.store.ByRef(ctx, q, caseRef)
}

// List gives cases by position.
func (r Reader) List(ctx context.Context, q sqldb.Querier, l desk.Listing) ([]desk.Record, error) {
	return r.store.List(ctx, q, l)
}

// Decided is a decision and what the rules had found when it was made; Results is
// empty for one of before results were kept.
type Decided struct {
	desk.Made
	Found Found
}

// Found is what the rules had found.
type Found struct {
	Results []ruleset.RuleResult
	Flags   []string
	Outcome ruleset.Outcome
}

// Decisions are a case's decisions, oldest first.
func (r Reader) Decisions(ctx context.Context, q sqldb.Querier, caseRef string) ([]Decided, error) {
	made, err := r.store.Decisions(ctx, q, caseRef)
	if err != nil {
		return nil, err
	}
	rows, err := q.QueryContext(ctx, `SELECT results FROM decision WHERE case_ref = $1 ORDER BY position`, caseRef)
	results, err := sqldb.Collect(rows, err, func(r *sql.Rows) (f found, err error) {
		var text string
		if err := r.Scan(&text); err != nil || text == "" {
			return f, err
		}
		return f, json.Unmarshal([]byte(text), &f)
	})
	if err != nil {
		return nil, fmt.Errorf("read what the rules had found: %w", err)
	}
	all := make([]Decided, len(made))
	for i := range made {
		all[i] = Decided{Made: made[i]}
		if i < len(results) {
			all[i].Found = Found(results[i])
		}
	}
	return all, nil
}
