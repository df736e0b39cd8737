package desk

import (
	"context"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Collecting is what the worker was given: a link or, where none can be
// opened, the offer's number; and the code.
type Collecting struct {
	Link   string
	Number string
	Code   string
	// Ask has the holder asked before the credential is taken: see Confirm.
	Ask bool
}

func (d *Desk) invitation(ctx context.Context, holder string, by Collecting) (id, issuer string, err error) {
	switch {
	case (by.Link == "") == (by.Number == ""):
		return "", "", fault.New(fault.Invalid, "invitation.link-or-number", "give the link of the offer or its number, one of the two")
	case by.Number != "" && d.Finding != nil:
		if err := d.Finding.Allow(ctx, holder); err != nil {
			return "", "", err
		}
		fallthrough
	case by.Number != "":
		id, issuer, _, err = d.Invitations.ByNumber(ctx, by.Number, by.Code)
	default:
		id, issuer, _, err = d.Invitations.Invitation(ctx, by.Link)
	}
	return id, issuer, err
}

// Collect opens an invitation and proposes to its issuer to collect what it
// offers; the code that came by another way travels inside the envelope. The
// same invitation gives the same exchange until that was refused.
func (d *Desk) Collect(ctx context.Context, holder string, by Collecting) (_ holding.Exchange, err error) {
	ctx, end := telemetry.Span(ctx, "wallet.Collect")
	defer func() { end(err) }()
	invitation, issuer, err := d.invitation(ctx, holder, by)
	if err != nil {
		return holding.Exchange{}, err
	}
	if !strings.HasPrefix(issuer, "did:web:") {
		return holding.Exchange{}, fault.New(fault.Invalid, "invitation.not-an-organisation", "the invitation is not from an organisation (did:web)")
	}
	if have, err := d.Store.ByInvitation(ctx, d.DB.Read(), holder, invitation); err == nil {
		return have, nil
	}
	pairwise, err := d.Book.Pairwise(d.Endpoint)
	if err != nil {
		return holding.Exchange{}, err
	}
	defer pairwise.Close()
	id, err := d.newID("exc_")
	if err != nil {
		return holding.Exchange{}, err
	}
	exchange := holding.Begin(holding.Exchange{
		ID: id, Holder: holder, Kind: holding.Collection, Thread: id,
		Ours: pairwise.DID, Theirs: issuer, CreatedAt: d.Clock.Now(),
	}, append(holding.Supporting(), credtype.OfferOfEmployment)...)
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		fresh, err := d.Store.AddExchange(ctx, tx, exchange, invitation, pending{Ask: by.Ask})
		if err != nil {
			return err
		}
		if !fresh {
			exchange, err = d.Store.ByInvitation(ctx, tx, holder, invitation)
			return err
		}
		if err := pairwise.Save(ctx, tx, holder, issuer); err != nil {
			return err
		}
		return d.Agent.Send(ctx, tx, exchange.Ours, exchange.Theirs, didcomm.Message{
			Type:  didcomm.TypeProposeCredential,
			Thid:  exchange.Thread,
			Pthid: invitation,
			Body:  object(map[string]string{"goal_code": "kompetansespor.OfferOfEmployment", "collection_code": by.Code}),
		})
	})
	return exchange, err
}
