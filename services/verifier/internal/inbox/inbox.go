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

// Register has the agent bring the messages of present-proof 3.0 to the desk, and
// what an applicant says of a payment or a refusal.
func Register(a *agent.Agent, d *desk.Desk) {
	a.Handle(didcomm.TypeProposePresentation, d.Ask)
	a.Handle(didcomm.TypePresentation, func(ctx context.Context, in agent.Received) (agent.Effect, error) {
		document, err := in.Message.ContentOf(didcomm.FormatPresentation)
		if err != nil {
			return nil, err
		}
		return d.Receive(ctx, in, document)
	})
	a.Handle(didcomm.TypePaid, func(_ context.Context, in agent.Received) (agent.Effect, error) {
		var body struct {
			CaseRef string `json:"case_ref"`
		}
		if err := in.Message.DecodeBody(&body); err != nil {
			return nil, err
		}
		return func(ctx context.Context, tx *sqldb.Tx) error { return d.Paid(ctx, tx, in.Sender, body.CaseRef) }, nil
	})
	a.Handle(didcomm.TypeAppeal, func(_ context.Context, in agent.Received) (agent.Effect, error) {
		var body struct {
			CaseRef string `json:"case_ref"`
			Grounds string `json:"grounds"`
		}
		if err := in.Message.DecodeBody(&body); err != nil {
			return nil, err
		}
		return func(ctx context.Context, tx *sqldb.Tx) error {
			return d.Appeal(ctx, tx, desk.Appealing{
				ID: in.Message.ID, CaseRef: body.CaseRef, Sender: in.Sender, Grounds: body.Grounds, ReceivedAt: in.At,
			})
		}, nil
	})
	a.HandleProblem(d.Abandon)
}

// Events are the handlers of other services' events, by producer and name.
func Events(d *desk.Desk) map[string]map[string]events.Handler {
	handlers := map[string]map[string]events.Handler{
		"issuer": {"offer.withdrawn": d.OfferWithdrawn, "offer.superseded": d.OfferSuperseded},
		"registry": {
			"employer.suspended": d.EmployerStopped, "employer.revoked": d.EmployerStopped,
			"employer.reinstated": d.EmployerStands, "employer.accredited": d.EmployerStands,
		},
	}
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
