package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Deciding is an officer's decision.
type Deciding struct {
	CaseRef   string
	Officer   string // from the token
	TokenHash string
	Outcome   casefile.State // Granted or Refused
	Reason    string
	Note      string
}

// Decide is an officer's decision. Before a grant the offer's status and its
// issuer's accreditation are asked anew: what cannot be asked is not granted.
// A grant offers the ResidencePermit to the wallet that applied. The same
// decision again changes nothing; another one is a Conflict.
func (d *Desk) Decide(ctx context.Context, in Deciding) (_ Record, err error) {
	record, err := d.Get(ctx, in.CaseRef)
	if err != nil {
		return Record{}, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Decide", telemetry.Case.String(in.CaseRef))
	defer func() { end(err) }()
	id, err := d.newID("dec_")
	if err != nil {
		return Record{}, err
	}
	decision := casefile.Decision{ID: id, Officer: in.Officer, Outcome: in.Outcome, Reason: in.Reason, At: d.Clock.Now()}
	// What the case itself refuses or has done needs nobody else's answer.
	if changed, err := record.Case.Decide(decision); err != nil || !changed {
		return record, err
	}
	if in.Outcome == casefile.Granted {
		if err := d.stillStands(ctx, record.File.Offer); err != nil {
			return Record{}, err
		}
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err = d.Store.ByRef(ctx, tx, in.CaseRef)
		if err != nil {
			return err
		}
		changed, err := record.Case.Decide(decision)
		if err != nil || !changed {
			return err
		}
		return d.rule(ctx, tx, record, Ruling{TokenHash: in.TokenHash, Note: in.Note})
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, in.CaseRef)
}

// stillStands asks whether the offer is neither withdrawn nor without an
// accredited issuer by now.
func (d *Desk) stillStands(ctx context.Context, offer Offer) error {
	return d.Verification.StillStands(ctx, &credential.Verified{
		ID: offer.CredentialID, Types: []string{offer.Type}, Issuer: offer.Issuer, Status: offer.Status, Claims: offer.Claims,
		VerificationMethod: offer.Key, Created: offer.SignedAt,
	})
}

// rule records a decision that was made, tells of it and, when it grants,
// offers the permit.
func (d *Desk) rule(ctx context.Context, tx *sqldb.Tx, record Record, ruling Ruling) error {
	outcome := record.Case.Decision().Outcome
	event, err := d.Outbox.Append(ctx, tx, events.Happened{
		Type: "decision.made", Case: record.Case.ID(), TimeClass: eventbus.Human, Data: map[string]any{"outcome": string(outcome)},
	})
	if err != nil {
		return err
	}
	if err := d.save(ctx, tx, record, event); err != nil {
		return err
	}
	if err := d.Store.AddDecision(ctx, tx, record, ruling); err != nil {
		return err
	}
	if outcome != casefile.Granted {
		return nil
	}
	return d.offerPermit(ctx, tx, record)
}

// offerPermit offers the ResidencePermit in a thread of its own. The credential
// is valid from the decision, so that the wallet can verify what it gets; its
// claims hold the permit's period, whose last day is valid to its end.
func (d *Desk) offerPermit(ctx context.Context, tx *sqldb.Tx, record Record) error {
	claims, err := record.Case.PermitClaims(record.File.Facts)
	if err != nil {
		return err
	}
	permit, err := record.Case.Permit(record.File.Facts)
	if err != nil {
		return err
	}
	last := permit.ValidUntil
	id, err := d.Issuer.Reserve(ctx, tx, issuance.Draft{
		Type: credtype.ResidencePermit, Reference: record.Case.ID(), Issuer: d.DID, Claims: claims,
		ValidFrom:  record.Case.Decision().At,
		ValidUntil: time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, d.Zone),
	})
	if err != nil {
		return err
	}
	return d.Issuer.Offer(ctx, tx, id, issuance.Party{Ours: d.DID, Theirs: record.Applicant})
}
