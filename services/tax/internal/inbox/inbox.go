// Package inbox reads the events that come to the tax administration and hands
// what they say to the desk.
package inbox

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
)

// Handlers maps a producer to the handlers of its events.
func Handlers(d *desk.Desk) map[string]map[string]events.Handler {
	return map[string]map[string]events.Handler{
		"verifier": d.Cases.Handlers(),
		"police":   {"identity.verified": identified(d)},
	}
}

func identified(d *desk.Desk) events.Handler {
	return func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
		if event.Data["level"] != "IN_PERSON" {
			return fault.New(fault.Invalid, "identity.level", "a number needs an identity control in person")
		}
		text, _ := event.Data["performed_at"].(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fault.New(fault.Invalid, "identity.performed-at", "the event does not say when the identity was verified")
		}
		return d.Identified(ctx, tx, event.Case, at)
	}
}
