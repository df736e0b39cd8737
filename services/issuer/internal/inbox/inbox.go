// Package inbox reads the DIDComm messages that come to an employer's DID and
// hands what they say to the desk. The rest of the issue-credential thread is
// the issuance package's.
package inbox

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

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
