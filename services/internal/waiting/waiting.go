// Package waiting says what work waits in a service's database, how long, and why.
package waiting

import (
	"context"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Line is work of one kind.
type Line struct {
	What  string
	Count int64
	// Oldest is when the first of it came.
	Oldest time.Time
	// Attempts is how often the one that was tried most has failed.
	Attempts int64
}

// Source gives what waits in the tables of one package.
type Source func(ctx context.Context, q sqldb.Querier) ([]Line, error)

// Of is a source of one line: the query gives how many there are, since when in
// microseconds, and the most attempts; 0 when there are none.
func Of(what, query string) Source {
	return func(ctx context.Context, q sqldb.Querier) ([]Line, error) {
		line := Line{What: what}
		var oldest int64
		if err := q.QueryRowContext(ctx, query).Scan(&line.Count, &oldest, &line.Attempts); err != nil {
			return nil, fmt.Errorf("count %s: %w", what, err)
		}
		line.Oldest = clock.FromMicros(oldest)
		return []Line{line}, nil
	}
}

// All is several sources as one.
func All(sources ...Source) Source {
	return func(ctx context.Context, q sqldb.Querier) (all []Line, err error) {
		for _, source := range sources {
			lines, err := source(ctx, q)
			if err != nil {
				return nil, err
			}
			all = append(all, lines...)
		}
		return all, nil
	}
}
