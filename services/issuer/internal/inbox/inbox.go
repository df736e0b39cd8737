// Package inbox reads the DIDComm messages that come to an employer's DID and
// hands what they say to the desk. The rest of the issue-credential thread is
// the issuance package's.
package inbox

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// Events are the handlers of other services' events, by producer and name.
func Events(d *desk.Desk) map[string]map[string]events.Handler {
	handlers := map[string]map[string]events.Handler{"registry": {"employer.revoked": d.EmployerRevoked}}
	for service, names := range followed {
		handlers[service] = map[string]events.Handler{}
		for _, name := range names {
			handlers[service][name] = d.Follow(service)
		}
	}
	return handlers
}

// followed are the events about cases that employers see.
var followed = map[string][]string{
	"verifier": {
		progress.EventSubmitted, progress.EventDecided, progress.EventHalted, progress.EventResumed, progress.EventRevoked, progress.EventCompleted,
	},
	"tax":  {progress.EventCardIssued, progress.EventCardRevoked, progress.EventNumberReplaced},
	"bank": {progress.EventAccountShared},
}

// Register has the agent bring proposals to the desk.
func Register(a *agent.Agent, d *desk.Desk) {
	a.Handle(didcomm.TypeProposeCredential, func(ctx context.Context, in agent.Received) (agent.Effect, error) {
		var body struct {
			Code string `json:"collection_code"`
		}
		if err := in.Message.DecodeBody(&body); err != nil {
			return nil, err
		}
		return d.Collect(ctx, in, in.Message.Pthid, body.Code)
	})
}
