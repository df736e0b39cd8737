package desk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Receive takes a presentation: whose session it answers, whether it proves
// what it says, whether its issuer may say it, what the worker consents to;
// then it holds the rules against it and opens the case. A challenge that had
// expired when the presentation came is asked again.
func (d *Desk) Receive(ctx context.Context, in agent.Received, document []byte) (_ agent.Effect, err error) {
	session, err := d.Store.Session(ctx, d.DB.Read(), in.Message.Thread(), in.Sender)
	if err == nil && in.Recipient != d.DID {
		err = noSuchSession()
	}
	if err != nil {
		return nil, err
	}
	if session.State != Asked {
		return nil, alreadyUsed()
	}
	if !in.At.Before(session.ExpiresAt) {
		return func(ctx context.Context, tx *sqldb.Tx) error { return d.askAgain(ctx, tx, session) }, nil
	}
	ctx, end := telemetry.Span(ctx, "application.Receive")
	defer func() { end(err) }()
	file, err := d.examine(ctx, session, document)
	if err != nil {
		return nil, err
	}
	evaluation, err := d.Rules.Evaluate(file.Facts, ruleset.ProposeOnly)
	if err != nil {
		return nil, err
	}
	telemetry.Note(ctx, telemetry.Outcome.String(string(evaluation.Outcome)))
	trace := telemetry.Traceparent(ctx)
	return func(ctx context.Context, tx *sqldb.Tx) error {
		return d.open(telemetry.Continue(ctx, trace), tx, session, file, evaluation, document)
	}, nil
}

// examine checks a presentation against its session and reads what it says.
func (d *Desk) examine(ctx context.Context, session Session, document []byte) (File, error) {
	now := d.Clock.Now()
	presented, report := d.Verification.Presentation(ctx, document, session.Challenge, d.DID)
	if err := report.Err(); err != nil {
		return File{}, err
	}
	shown, err := oneOffer(presented)
	if err != nil {
		return File{}, err
	}
	// A presentation may keep claims back; an application may not.
	if err := credtype.Validate(credtype.OfferOfEmployment, shown.Claims); err != nil {
		return File{}, err
	}
	offer := Offer{
		CredentialID: shown.ID, Type: credtype.OfferOfEmployment, Issuer: shown.Issuer,
		Subject: shown.SubjectID, Status: shown.Status, Claims: shown.Claims,
		Key: shown.VerificationMethod, SignedAt: shown.Created,
	}
	accreditation := ruleset.Accreditation{InForce: true, OrganisationNumber: shown.By.OrganisationNumber}
	consent, err := d.readConsent(ctx, presented.Members["consent"], session.Theirs, now)
	if err != nil {
		return File{}, err
	}
	facts, err := ruleset.FactsOf(ruleset.Application{Offer: offer.Claims, Accreditation: accreditation}, now.In(d.Zone))
	return File{Facts: facts, Offer: offer, Consent: consent}, err
}

// oneOffer finds the offer: it alone is presented, and it can be withdrawn.
func oneOffer(presented *verification.Presentation) (*verification.Credential, error) {
	if len(presented.Credentials) != 1 || presented.Credentials[0].Type.Name != credtype.OfferOfEmployment {
		return nil, fault.New(fault.Invalid, "application.one-offer", "an application shows one offer of employment and nothing else")
	}
	offer := presented.Credentials[0]
	if !slices.ContainsFunc(offer.Status, status.Entry.Revokes) {
		return nil, fault.New(fault.Invalid, "application.offer-without-status", "nobody could tell whether this offer is withdrawn: it names no status list")
	}
	return offer, nil
}

// open uses up the session and opens the case.
func (d *Desk) open(ctx context.Context, tx *sqldb.Tx, session Session, file File, evaluation ruleset.Evaluation, document []byte) error {
	caseRef, err := d.newID("case_")
	if err != nil {
		return err
	}
	fresh, err := d.Store.EndSession(ctx, tx, session, Used, caseRef)
	if err != nil {
		return err
	}
	if !fresh {
		return alreadyUsed()
	}
	now := d.Clock.Now()
	position, number, err := d.Store.Number(ctx, tx, now.In(d.Zone).Year())
	if err != nil {
		return err
	}
	duf, err := d.takeDUF(ctx, tx, file.Offer.Claims, caseRef, now.In(d.Zone).Year())
	if err != nil {
		return err
	}
	opened, err := casefile.Open(casefile.Opening{
		ID: caseRef, Number: fmt.Sprintf("%02d/%06d", now.In(d.Zone).Year()%100, number), DUF: duf, Evaluation: evaluation, At: now,
	})
	if err != nil {
		return err
	}
	capability, err := d.newSecret()
	if err != nil {
		return err
	}
	offerID, _ := claimAt(file.Offer.Claims, "offer_id")
	record := Record{
		Case: opened, Position: position, OfferID: fmt.Sprint(offerID), Applicant: session.Theirs, File: file,
		OpenedAt: now, Traceparent: telemetry.Traceparent(ctx),
	}
	fresh, err = d.Store.Add(ctx, tx, record, Opening{CapabilityHash: hashCapability(capability), Presentation: document})
	if err != nil {
		return err
	}
	if !fresh {
		return fault.New(fault.Conflict, "application.offer-already-used", "this offer has opened a case already")
	}
	event, err := d.Outbox.Append(ctx, tx, events.Happened{Type: "application.submitted", Case: caseRef, TimeClass: eventbus.Candidate})
	if err != nil {
		return err
	}
	if err := d.addSteps(ctx, tx, record, []*eventbus.Event{event}); err != nil {
		return err
	}
	return d.Agent.Send(ctx, tx, d.DID, session.Theirs, didcomm.Message{
		Type: didcomm.TypePresentationAck,
		Thid: session.Thread,
		Body: object(map[string]string{"status": "OK", "case_ref": caseRef, "access_capability": capability}),
	})
}

// dufAttempts is how often a number is drawn; at a million a year, a dozen
// draws fail together only when the year is used up.
const dufAttempts = 64

// takeDUF makes a DUF number the case's: the one that the offer names, or a new
// one of this year.
func (d *Desk) takeDUF(ctx context.Context, tx *sqldb.Tx, claims map[string]any, caseRef string, year int) (string, error) {
	if claimed, ok := claimAt(claims, "duf_number"); ok {
		text, _ := claimed.(string)
		duf, _, err := identifier.ParseDUF(text)
		if err != nil {
			return "", err
		}
		fresh, err := d.Store.TakeDUF(ctx, tx, duf, caseRef)
		if err == nil && !fresh {
			err = fault.New(fault.Conflict, "application.duf-already-used", "another case has this DUF number")
		}
		return duf, err
	}
	for range dufAttempts {
		random, err := d.random(4)
		if err != nil {
			return "", err
		}
		duf, err := identifier.NewDUF(year, int(binary.BigEndian.Uint32(random)%1_000_000))
		if err != nil {
			return "", err
		}
		fresh, err := d.Store.TakeDUF(ctx, tx, duf, caseRef)
		if err != nil || fresh {
			return duf, err
		}
	}
	return "", fault.New(fault.Unavailable, "application.duf-exhausted", "no DUF number of this year was found")
}

// hashCapability is what is kept of an access capability.
func hashCapability(capability string) string {
	sum := sha256.Sum256([]byte(capability))
	return hex.EncodeToString(sum[:])
}
