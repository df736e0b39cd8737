package desk

import (
	"context"
	"encoding/json"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
)

// Invitation is the out-of-band 2.0 message that the worker's wallet opens
// (DIDComm v2.1, Out Of Band Messages). It names the employer and the offer,
// and nothing of the worker; without the collection code it is worth nothing.
func (d *Desk) Invitation(ctx context.Context, id string) (*didcomm.Message, error) {
	record, err := d.Store.ByID(ctx, d.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	return d.invitationTo(record)
}

func (d *Desk) invitationTo(record Record) (*didcomm.Message, error) {
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
	return &didcomm.Message{ID: record.Offer.ID(), Type: didcomm.TypeInvitation, From: tenant.DID, Body: body}, nil
}

// InvitationURL is the link of an offer's invitation, with the message in it.
func (d *Desk) InvitationURL(ctx context.Context, id string) (string, error) {
	record, err := d.Store.ByID(ctx, d.DB.Read(), id)
	if err != nil {
		return "", err
	}
	return d.LinkTo(record)
}

// LinkTo is InvitationURL for who has the offer at hand.
func (d *Desk) LinkTo(record Record) (string, error) {
	invitation, err := d.invitationTo(record)
	if err != nil {
		return "", err
	}
	return didcomm.InvitationURL(d.PublicURL+"/invitations/"+record.Offer.ID(), invitation)
}

// Guide is how far the way of an offer's worker has come, for whoever has the link:
// nothing of it tells of the worker.
type Guide struct {
	Employer string
	Link     string // the invitation
	Number   string
	// Closed says that the offer can no longer be collected, and was not.
	Closed                      bool
	Collected, Applied, Decided bool
}

// Guide gives the guide of a signed offer.
func (d *Desk) Guide(ctx context.Context, id string) (Guide, error) {
	record, err := d.Store.ByID(ctx, d.DB.Read(), id)
	if err != nil {
		return Guide{}, err
	}
	link, err := d.LinkTo(record)
	if err != nil {
		return Guide{}, err
	}
	tenant, err := d.tenant(record.Tenant)
	if err != nil {
		return Guide{}, err
	}
	g := Guide{Employer: tenant.LegalName, Link: link, Number: string(record.Offer.Number())}
	switch record.Offer.State() {
	case offer.Collected:
		g.Collected = true
	case offer.Withdrawn, offer.Expired, offer.Superseded:
		g.Closed = true
	case offer.Issued:
		g.Closed = record.Offer.AttemptsLeft() == 0
	}
	c, err := d.CaseOf(ctx, id)
	if err != nil || c == nil {
		return g, err
	}
	g.Collected, g.Applied = true, true
	g.Decided = c.State == progress.Refused || c.GrantedOnce()
	return g, nil
}
