package store

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/accessrows"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// AddAccess puts a row at the end of the access log.
func (s Store) AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error {
	return accessrows.Add(ctx, tx, e)
}
