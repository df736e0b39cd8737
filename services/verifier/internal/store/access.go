package store

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/accessrows"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// AddAccess puts a row at the end of the access log.
func (s *Store) AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error {
	return accessrows.Add(ctx, tx, e)
}

// Accesses gives the rows of a case after a position, oldest first.
func (s *Store) Accesses(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]accesslog.Row, error) {
	return accessrows.Of(ctx, q, caseRef, after, limit)
}

// VerifyChain checks that the whole access log is as it was written, and gives
// its length. Rule: accesslog.broken.
func VerifyChain(ctx context.Context, q sqldb.Querier) (int64, error) {
	return accessrows.Verify(ctx, q)
}
