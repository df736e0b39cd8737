package desk

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Receive takes a presentation: whose session it answers, whether it proves
// what it says, whether its issuers may say it, whether who signed the offer may
// sign for the employer, what the worker consents to and signs; then it holds the
// rules against it and opens the case, whose fee is ordered first. An offer that
// supersedes another goes on with that one's case. A challenge that had expired
// when the presentation came is asked again.
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
	evaluation, err := d.Rules.Evaluate(file.Facts, d.mode())
	if err != nil {
		return nil, err
	}
	telemetry.Note(ctx, telemetry.Outcome.String(string(evaluation.Outcome)))
	goesOn, err := d.superseded(ctx, d.DB.Read(), file)
	if err != nil {
		return nil, err
	}
	arrived := arrival{session: session, file: file, evaluation: evaluation, document: document}
	if goesOn == "" {
		// An offer that was presented before costs nobody a second fee.
		_, err := d.Store.ByPresented(ctx, d.DB.Read(), file.Offer.Issuer, file.offerID())
		switch {
		case err == nil:
			return nil, usedOffer()
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
		if arrived.fee, arrived.payment, err = d.order(ctx, session.CaseRef); err != nil {
			return nil, err
		}
	}
	trace := telemetry.Traceparent(ctx)
	return func(ctx context.Context, tx *sqldb.Tx) error {
		ctx = telemetry.Continue(ctx, trace)
		now, err := d.superseded(ctx, tx, file)
		switch {
		case err != nil:
			return err
		case now != goesOn:
			return fault.New(fault.Unavailable, "application.changed-meanwhile", "the offer that this one supersedes has opened a case meanwhile: try again")
		case goesOn != "":
			return d.renew(ctx, tx, arrived, goesOn)
		}
		return d.open(ctx, tx, arrived)
	}, nil
}

// arrival is a presentation that was examined.
type arrival struct {
	session    Session
	file       File
	evaluation ruleset.Evaluation
	document   []byte
	fee        casefile.Fee
	payment    Payment
}

// examine checks a presentation against its session and reads what it says.
func (d *Desk) examine(ctx context.Context, session Session, document []byte) (File, error) {
	now := d.Clock.Now()
	presented, report := d.Verification.Presentation(ctx, document, session.Challenge, d.DID)
	if err := report.Err(); err != nil {
		return File{}, err
	}
	shown, supporting, err := sorted(presented)
	if err != nil {
		return File{}, err
	}
	// A presentation may keep claims back; an application may not.
	for _, one := range presented.Credentials {
		if err := credtype.Validate(one.Type.Name, one.Claims()); err != nil {
			return File{}, err
		}
	}
	offerHash, err := credential.OfferHash(shown.Raw())
	if err != nil {
		return File{}, err
	}
	consent, err := d.readConsent(ctx, presented.Members["consent"], offerHash, session.Theirs, now)
	if err != nil {
		return File{}, err
	}
	file := File{
		Offer: offerOf(shown), Consent: consent,
		Accreditation: ruleset.Accreditation{InForce: true, OrganisationNumber: shown.By.OrganisationNumber},
		Basis:         Basis{PresentationHash: hashOf(document), OfferHash: offerHash, Credentials: []string{shown.ID}},
	}
	for _, one := range supporting {
		file.Supporting = append(file.Supporting, offerOf(one))
		file.Basis.Credentials = append(file.Basis.Credentials, one.ID)
	}
	canonical, err := strictjson.Canonical(presented.Members["consent"])
	if err != nil {
		return File{}, err
	}
	file.Basis.ConsentHash = hashOf(canonical)
	if file.Signatory, err = d.signatory(ctx, file.Offer); err != nil {
		return File{}, err
	}
	file.Facts, err = ruleset.FactsOf(file.application(), now.In(d.Zone))
	return file, err
}

func offerOf(shown *verification.Credential) Offer {
	return Offer{
		CredentialID: shown.ID, Type: shown.Type.Name, Issuer: shown.Issuer,
		Subject: shown.SubjectID, Status: shown.Status, Claims: shown.Claims(),
		Key: shown.VerificationMethod, SignedAt: shown.Created,
	}
}

// Signatories says who may sign for an organisation.
type Signatories interface {
	// Authorised reports whether the person may sign by the register and the
	// authority that the offer states. Faults: Unavailable when the register does
	// not answer.
	Authorised(ctx context.Context, s Signing) (bool, error)
}

// Signing is who signed an offer, as it says.
type Signing struct {
	OrganisationNumber       string
	Name, Role, AuthorisedBy string
	At                       time.Time
}

// signatory asks the register about who signed the offer. When it cannot be
// asked the application waits: what cannot be checked does not count.
func (d *Desk) signatory(ctx context.Context, offer Offer) (ruleset.Signatory, error) {
	text := func(path string) string {
		value, _ := claimAt(offer.Claims, path)
		s, _ := value.(string)
		return s
	}
	authorised, err := d.Signatories.Authorised(ctx, Signing{
		OrganisationNumber: text("employer.organisation_number"),
		Name:               text("signatory.name"), Role: text("signatory.role"), AuthorisedBy: text("signatory.authorised_by"),
		At: offer.SignedAt,
	})
	return ruleset.Signatory{Checked: err == nil, Authorised: authorised}, err
}

// supportingTypes are the credentials that an application may show beside the
// offer.
var supportingTypes = []string{credtype.EducationRecognition, credtype.PoliceCertificate, credtype.LanguageTestResult}

// sorted finds the one offer, which can be withdrawn, and what supports it.
func sorted(presented *verification.Presentation) (offer *verification.Credential, supporting []*verification.Credential, err error) {
	for _, one := range presented.Credentials {
		switch {
		case one.Type.Name == credtype.OfferOfEmployment && offer == nil:
			offer = one
		case slices.Contains(supportingTypes, one.Type.Name):
			supporting = append(supporting, one)
		default:
			return nil, nil, oneOffer()
		}
	}
	if offer == nil {
		return nil, nil, oneOffer()
	}
	if !slices.ContainsFunc(offer.Status, status.Entry.Revokes) {
		return nil, nil, fault.New(fault.Invalid, "application.offer-without-status", "nobody could tell whether this offer is withdrawn: it names no status list")
	}
	return offer, supporting, nil
}

func oneOffer() error {
	return fault.New(fault.Invalid, "application.one-offer", "an application shows one offer of employment, and beside it only what supports it")
}

func usedOffer() error {
	return fault.New(fault.Conflict, "application.offer-already-used", "this offer has opened a case already")
}

func (f File) offerID() string {
	id, _ := claimAt(f.Offer.Claims, "offer_id")
	return fmt.Sprint(id)
}

// open uses up the session and opens the case.
func (d *Desk) open(ctx context.Context, tx *sqldb.Tx, in arrival) error {
	caseRef, session := in.session.CaseRef, in.session
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
	duf, err := d.takeDUF(ctx, tx, in.file.Offer.Claims, caseRef, now.In(d.Zone).Year())
	if err != nil {
		return err
	}
	opened, err := casefile.Open(casefile.Opening{
		ID: caseRef, Number: fmt.Sprintf("%02d/%06d", now.In(d.Zone).Year()%100, number), DUF: duf, Evaluation: in.evaluation, Fee: in.fee, At: now,
	})
	if err != nil {
		return err
	}
	standing, err := d.Store.Standing(ctx, tx, in.file.Facts.OrganisationNumber)
	if err != nil {
		return err
	}
	if standing.Cause != "" {
		if _, _, err := opened.Impede(standing.Cause, now); err != nil {
			return err
		}
	}
	capability, err := d.newSecret()
	if err != nil {
		return err
	}
	record := Record{
		Case: opened, Position: position, OfferID: in.file.offerID(), Applicant: session.Theirs, File: in.file,
		OpenedAt: now, Traceparent: telemetry.Traceparent(ctx),
	}
	fresh, err = d.Store.Add(ctx, tx, record, Presentation{CapabilityHash: hashCapability(capability), Document: in.document})
	if err != nil {
		return err
	}
	if !fresh {
		return usedOffer()
	}
	if err := d.Store.AddPayment(ctx, tx, caseRef, in.payment, now.Add(firstLook)); err != nil {
		return err
	}
	event, err := d.Outbox.Append(ctx, tx, events.Happened{
		Type: "application.submitted", Case: caseRef, TimeClass: eventbus.Candidate, Data: map[string]any{"offer_id": record.OfferID},
	})
	if err != nil {
		return err
	}
	if err := d.addSteps(ctx, tx, record, []*eventbus.Event{event}); err != nil {
		return err
	}
	if err := d.acknowledge(ctx, tx, session, caseRef, capability, in.payment.URL); err != nil {
		return err
	}
	return d.notify(ctx, tx, record, casefile.NoticeFeeDue, map[string]string{"amount": fmt.Sprint(in.fee.Amount / 100)})
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
func hashCapability(capability string) string { return hashOf([]byte(capability)) }

// hashOf is the hexadecimal SHA-256.
func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
