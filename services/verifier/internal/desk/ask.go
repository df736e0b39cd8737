package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Ask answers a wallet that proposes to present: it begins a session and asks
// for an offer of employment, signed for a fresh challenge and our DID. A
// proposal that is repeated in its thread is asked the same again.
func (d *Desk) Ask(_ context.Context, in agent.Received) (agent.Effect, error) {
	if in.Recipient != d.DID {
		return nil, noSuchSession()
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		session, err := d.Store.Session(ctx, tx, in.Message.Thread(), in.Sender)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return d.begin(ctx, tx, in)
		case err != nil:
			return err
		case session.State != Asked:
			return alreadyUsed()
		case !in.At.Before(session.ExpiresAt):
			return d.askAgain(ctx, tx, session)
		}
		return d.request(ctx, tx, session)
	}, nil
}

func (d *Desk) begin(ctx context.Context, tx *sqldb.Tx, in agent.Received) error {
	challenge, err := d.newSecret()
	if err != nil {
		return err
	}
	caseRef, err := d.newID("case_")
	if err != nil {
		return err
	}
	now := d.Clock.Now()
	session := Session{
		Thread: in.Message.Thread(), Theirs: in.Sender, Challenge: challenge, CaseRef: caseRef, State: Asked,
		CreatedAt: now, ExpiresAt: now.Add(d.ChallengeLifetime),
	}
	if err := d.Store.AddSession(ctx, tx, session); err != nil {
		return err
	}
	return d.request(ctx, tx, session)
}

// askAgain gives a session whose challenge has expired a new one.
func (d *Desk) askAgain(ctx context.Context, tx *sqldb.Tx, session Session) error {
	var err error
	if session.Challenge, err = d.newSecret(); err != nil {
		return err
	}
	session.ExpiresAt = d.Clock.Now().Add(d.ChallengeLifetime)
	if err := d.Store.RenewSession(ctx, tx, session); err != nil {
		return err
	}
	return d.request(ctx, tx, session)
}

// request sends request-presentation with a presentation definition (DIF
// Presentation Exchange 1.0 in the format of Aries RFC 0510).
func (d *Desk) request(ctx context.Context, tx *sqldb.Tx, session Session) error {
	definition := object(map[string]any{
		"options": map[string]any{"challenge": session.Challenge, "domain": d.DID},
		"presentation_definition": map[string]any{
			"id":     "kompetansespor-residence-permit",
			"format": map[string]any{"ldp_vp": map[string]any{"proof_type": []string{"DataIntegrityProof"}}},
			"input_descriptors": []any{map[string]any{
				"id": "offer",
				"constraints": map[string]any{"fields": []any{map[string]any{
					"path":   []string{"$.type"},
					"filter": map[string]any{"type": "array", "contains": map[string]any{"const": credtype.OfferOfEmployment}},
				}}},
			}},
		},
	})
	return d.Agent.Send(ctx, tx, d.DID, session.Theirs, didcomm.Message{
		Type: didcomm.TypeRequestPresentation,
		Thid: session.Thread,
		Body: object(map[string]any{"goal_code": "kompetansespor.residence-permit", "will_confirm": true}),
		Attachments: []didcomm.Attachment{
			{ID: "definition", MediaType: "application/json", Format: didcomm.FormatPresentationDefinition, JSON: definition},
		},
	})
}

// Abandon ends the session that a wallet's problem report is about. A report
// about anybody else's is about nothing.
func (d *Desk) Abandon(ctx context.Context, in agent.Received) (agent.Effect, error) {
	session, err := d.Store.Session(ctx, d.DB.Read(), in.Message.Pthid, in.Sender)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := d.Store.EndSession(ctx, tx, session, Abandoned, "")
		return err
	}, nil
}

func noSuchSession() error {
	return fault.New(fault.NotFound, "presentation.no-such-session", "nothing was asked of you in this thread")
}

func alreadyUsed() error {
	return fault.New(fault.Conflict, "presentation.already-used", "this session has been used: begin a new one")
}
