package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
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
// decision again changes nothing; another one is a Conflict. The members of a
// family are decided together (DecideFamily).
func (d *Desk) Decide(ctx context.Context, in Deciding) (_ Record, err error) {
	return d.decide(ctx, in, func(c *casefile.Case, decision casefile.Decision) (bool, error) { return c.Decide(decision) })
}

// decideBy is a verb of casefile that decides.
type decideBy func(c *casefile.Case, decision casefile.Decision) (changed bool, err error)

// decide makes one decision by a verb: what needs the network first, then all of
// it in one transaction.
func (d *Desk) decide(ctx context.Context, in Deciding, by decideBy) (_ Record, err error) {
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
	if err := decidedAlone(record); err != nil {
		return Record{}, err
	}
	// What the case itself refuses or has done needs nobody else's answer.
	if changed, err := by(record.Case, decision); err != nil || !changed {
		return record, err
	}
	if in.Outcome == casefile.Granted {
		if err := d.stillStands(ctx, record.File); err != nil {
			return Record{}, err
		}
	}
	checked := record.OfferID
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err = d.Store.ByRef(ctx, tx, in.CaseRef)
		if err != nil {
			return err
		}
		if record.OfferID != checked { // a changed offer has come that nobody has looked at
			return changedMeanwhile()
		}
		if err := decidedAlone(record); err != nil {
			return err
		}
		changed, err := by(record.Case, decision)
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

func decidedAlone(record Record) error {
	if record.Family != "" && record.Case.Undecided() {
		return fault.New(fault.Conflict, "case.decided-together", "the case is linked with a family's: decide them together")
	}
	return nil
}

// stillStands asks whether every credential that the case rests on is neither
// withdrawn nor without an accredited issuer by now.
func (d *Desk) stillStands(ctx context.Context, file File) error {
	for _, shown := range append([]Offer{file.Offer}, file.Supporting...) {
		err := d.Verification.StillStands(ctx, &credential.Verified{
			ID: shown.CredentialID, Types: []string{shown.Type}, Issuer: shown.Issuer, Status: shown.Status,
			SubjectID: shown.Subject, Subjects: []vcdm.Subject{vcdm.SubjectOf(shown.Subject, shown.Claims)},
			VerificationMethod: shown.Key, Created: shown.SignedAt,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rule records a decision that was made, tells of it and, when it grants,
// offers the permit. What a grant on appeal cannot lead to yet is stopped at
// once: the decision is told before the halt, since events of a case act in
// order.
func (d *Desk) rule(ctx context.Context, tx *sqldb.Tx, record Record, ruling Ruling) error {
	var told []*eventbus.Event
	if record.Case.Appeal().ID != "" {
		event, err := d.appealEvent(ctx, tx, record)
		if err != nil {
			return err
		}
		told = append(told, event)
	}
	decision := record.Case.Decision()
	class := eventbus.Human
	if decision.ByRules() {
		class = eventbus.Machine
	}
	event, err := d.Outbox.Append(ctx, tx, events.Happened{
		Type: "decision.made", Case: record.Case.ID(), TimeClass: class, Data: map[string]any{"outcome": string(decision.Outcome)},
	})
	if err != nil {
		return err
	}
	if err := d.Store.AddDecision(ctx, tx, record, decision, ruling); err != nil {
		return err
	}
	if decision.Outcome == casefile.Granted {
		if err := d.offerPermit(ctx, tx, record); err != nil {
			return err
		}
		if err := d.notify(ctx, tx, record, casefile.NoticeGranted, nil); err != nil {
			return err
		}
		if record.Case.State() == casefile.Halted {
			stopped, err := d.stop(ctx, tx, record, record.Case.Causes()[0])
			if err != nil {
				return err
			}
			told = append(told, stopped)
		}
	} else {
		deadline, err := d.Parameters.AppealDeadline(decision.At.In(d.Zone))
		if err != nil {
			return err
		}
		if err := d.notify(ctx, tx, record, casefile.NoticeRefused, map[string]string{"deadline": deadline.Format(time.DateOnly)}); err != nil {
			return err
		}
	}
	return d.save(ctx, tx, record, append(told, event)...)
}

// offerPermit offers the ResidencePermit in a thread of its own.
func (d *Desk) offerPermit(ctx context.Context, tx *sqldb.Tx, record Record) error {
	draft, err := d.permitDraft(record)
	if err != nil {
		return err
	}
	id, err := d.Issuer.Reserve(ctx, tx, draft)
	if err != nil {
		return err
	}
	return d.Issuer.Offer(ctx, tx, id, d.party(record))
}

// party is the thread in which a permit is offered: one of its own.
func (d *Desk) party(record Record) issuance.Party {
	return issuance.Party{Ours: d.DID, Theirs: record.Applicant}
}

// permitDraft is the ResidencePermit. The credential is valid from the decision,
// so that the wallet can verify what it gets; its claims hold the permit's
// period, whose last day is valid to its end.
func (d *Desk) permitDraft(record Record) (issuance.Draft, error) {
	claims, err := record.Case.PermitClaims(record.File.Facts, d.Parameters)
	if err != nil {
		return issuance.Draft{}, err
	}
	permit, err := record.Case.Permit(record.File.Facts, d.Parameters)
	if err != nil {
		return issuance.Draft{}, err
	}
	last := permit.ValidUntil
	return issuance.Draft{
		Type: credtype.ResidencePermit, Reference: record.Case.ID(), Issuer: d.DID, Claims: claims,
		ValidFrom:  record.Case.Decision().At,
		ValidUntil: time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, d.Zone),
	}, nil
}

// Revoking is an officer's revocation of a permit.
type Revoking struct {
	CaseRef, Officer, TokenHash string
	Reason                      string // one of casefile.RevocationReasons
	Note                        string
}

// RevokePermit takes the permit back, which is an officer's: the credential is
// revoked for good, and every agency is told. The same again changes nothing.
func (d *Desk) RevokePermit(ctx context.Context, in Revoking) (_ Record, err error) {
	id, err := d.newID("dec_")
	if err != nil {
		return Record{}, err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		record, err := d.Store.ByRef(ctx, tx, in.CaseRef)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "permit.Revoke", telemetry.Case.String(in.CaseRef))
		defer func() { end(err) }()
		decision := casefile.Decision{ID: id, Officer: in.Officer, Outcome: casefile.Revoked, Reason: in.Reason, At: d.Clock.Now()}
		changed, err := record.Case.Revoke(decision)
		if err != nil || !changed {
			return err
		}
		if _, err := d.Issuer.WithdrawOf(ctx, tx, in.CaseRef, credtype.ResidencePermit, in.Reason); err != nil {
			return err
		}
		event, err := d.Outbox.Append(ctx, tx, events.Happened{
			Type: "permit.revoked", Case: in.CaseRef, TimeClass: eventbus.Human, Data: map[string]any{"cause": "PERMIT_REVOKED"},
		})
		if err != nil {
			return err
		}
		if err := d.Store.AddDecision(ctx, tx, record, decision, Ruling{TokenHash: in.TokenHash, Note: in.Note}); err != nil {
			return err
		}
		if err := d.notify(ctx, tx, record, casefile.NoticeRevoked, nil); err != nil {
			return err
		}
		return d.save(ctx, tx, record, event)
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, in.CaseRef)
}

// WithdrawApplication registers that the applicant took the application back.
func (d *Desk) WithdrawApplication(ctx context.Context, caseRef string) (Record, error) {
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByRef(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		changed, err := record.Case.Withdraw(d.Clock.Now())
		if err != nil || !changed {
			return err
		}
		return d.save(ctx, tx, record)
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, caseRef)
}
