// Package inbox reads what comes to UDI, DIDComm messages of wallets and
// events of the other services, and hands what they say to the desk.
package inbox

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// Register has the agent bring the messages of present-proof 3.0 to the desk.
func Register(a *agent.Agent, d *desk.Desk) {
	a.Handle(didcomm.TypeProposePresentation, d.Ask)
	a.Handle(didcomm.TypePresentation, func(ctx context.Context, in agent.Received) (agent.Effect, error) {
		document, err := in.Message.ContentOf(didcomm.FormatPresentation)
		if err != nil {
			return nil, err
		}
		return d.Receive(ctx, in, document)
	})
	a.HandleProblem(d.Abandon)
}

// Events are the handlers of other services' events, by producer and name.
func Events(d *desk.Desk) map[string]map[string]events.Handler {
	handlers := map[string]map[string]events.Handler{"issuer": {"offer.withdrawn": d.OfferWithdrawn}}
	for producer, milestones := range desk.Milestones() {
		handlers[producer] = map[string]events.Handler{}
		for name, milestone := range milestones {
			handlers[producer][name] = func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
				return d.Record(ctx, tx, producer, milestone, event)
			}
		}
	}
	return handlers
}
