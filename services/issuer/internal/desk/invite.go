package desk

import (
	"context"
	"encoding/json"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Invitation is the out-of-band 2.0 message that the worker's wallet opens
// (DIDComm v2.1, Out Of Band Messages). It names the employer and the offer,
// and nothing of the worker; without the collection code it is worth nothing.
func (d *Desk) Invitation(ctx context.Context, id string) (*didcomm.Message, error) {
	record, err := d.Store.ByID(ctx, d.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if state := record.Offer.State(); state == offer.Drafted || state == offer.Discarded {
		return nil, fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
	}
	tenant, err := d.tenant(record.Tenant)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(didcomm.InvitationBody{GoalCode: "issue-vc", Goal: "Collect your offer of employment", Accept: []string{"didcomm/v2"}})
	if err != nil {
		return nil, err
	}
	return &didcomm.Message{ID: id, Type: didcomm.TypeInvitation, From: tenant.DID, Body: body}, nil
}

// InvitationURL is the link of an offer's invitation, with the message in it.
func (d *Desk) InvitationURL(ctx context.Context, id string) (string, error) {
	invitation, err := d.Invitation(ctx, id)
	if err != nil {
		return "", err
	}
	return didcomm.InvitationURL(d.PublicURL+"/invitations/"+id, invitation)
}
