// Package inbox reads the events that come to the bank and hands what they say
// to the desk.
package inbox

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Handlers maps a producer to the handlers of its events.
func Handlers(d *desk.Desk) map[string]map[string]events.Handler {
	return map[string]map[string]events.Handler{
		"verifier": d.Cases.Handlers(),
		"tax": {
			"identifier.assigned": func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
				return d.Identified(ctx, tx, event.Case)
			},
			"identifier.replaced": func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
				return d.Replaced(ctx, tx, event.Case)
			},
		},
	}
}
