// Package epoch counts how often a database was restored from a backup. What was
// handed out after the backup is not in it: so what must never be handed out twice
// is drawn, in each epoch, from where no epoch before has drawn.
package epoch

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of the epochs.
func Migrations() sqldb.Migrations { return sqldb.Embedded("epoch", schema) }

// Current is the epoch of a database: 0 until it was restored once.
func Current(ctx context.Context, q sqldb.Querier) (number int64, err error) {
	if err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(number), 0) FROM epoch`).Scan(&number); err != nil {
		return 0, fmt.Errorf("read epoch: %w", err)
	}
	return number, nil
}

// Begin begins the next epoch, of a database that was restored from a backup.
func Begin(ctx context.Context, tx *sqldb.Tx, backup string, at time.Time) (number int64, err error) {
	if number, err = Current(ctx, tx); err != nil {
		return 0, err
	}
	number++
	if _, err := tx.ExecContext(ctx, `INSERT INTO epoch (number, begun_at, backup) VALUES ($1, $2, $3)`, number, clock.Micros(at), backup); err != nil {
		return 0, fmt.Errorf("begin epoch: %w", err)
	}
	return number, nil
}
