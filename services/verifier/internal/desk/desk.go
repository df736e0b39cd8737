// Package desk is what UDI does with an application: ask for a presentation,
// receive it and open a case, decide, record what the agencies report, show an
// agency its view and the worker who has looked. A verb checks what needs the
// network first; then it loads, lets casefile decide, saves and leaves messages
// and events in the outboxes, in one transaction.
package desk

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Session is a present-proof thread with a wallet.
type Session struct {
	Thread    string
	Theirs    string // the wallet's DID in the thread
	Challenge string
	// CaseRef is what a case that the session opens will be called: the fee is
	// ordered under that name before there is a case.
	CaseRef   string
	ExpiresAt time.Time
	State     SessionState
	CreatedAt time.Time
}

// SessionState is what became of what was asked.
type SessionState string

// The states of a session.
const (
	Asked     SessionState = "asked"
	Used      SessionState = "used"
	Abandoned SessionState = "abandoned" // by the wallet
)

// Record is a case and what is kept beside it.
type Record struct {
	Case        *casefile.Case
	Position    int64 // among all cases, from 1
	OfferID     string
	Family      string // that it is linked with, or empty
	Applicant   string // the wallet's DID in the application's thread
	File        File
	Steps       []Step // as recorded
	OpenedAt    time.Time
	Traceparent string
	Version     int64    // what Save expects to find
	Sealed      [32]byte // SHA-256 of what of it is sealed, as it was found
}

// File is the sealed part of a case: personal data.
type File struct {
	// Facts are what is known now: the permit and the views rest on them.
	Facts ruleset.Facts `json:"facts"`
	// Evaluated are the facts of the case's evaluation, where a correction after
	// the decision made them others than Facts; Earlier are the evaluations
	// before it. Decisions of then replay from them.
	Evaluated *ruleset.Facts `json:"evaluated,omitempty"`
	Earlier   []Evaluated    `json:"earlier,omitempty"`

	Offer   Offer   `json:"offer"`
	Consent Consent `json:"consent"`
	// Supporting are the credentials that were presented beside the offer.
	Supporting []Offer `json:"supporting,omitempty"`
	// Accreditation and Signatory are what was found of the offer's signer.
	Accreditation ruleset.Accreditation `json:"accreditation"`
	Signatory     ruleset.Signatory     `json:"signatory"`
	// Corrections are what the police found, oldest first.
	Corrections []Correction `json:"corrections,omitempty"`
	Basis       Basis        `json:"basis"`
}

// Basis names what a decision rests on, by hash and reference: none of it is
// personal.
type Basis struct {
	// PresentationHash and ConsentHash are hexadecimal SHA-256: of the
	// presentation as it came, and of its consent in canonical form (RFC 8785).
	PresentationHash string `json:"presentation_hash"`
	ConsentHash      string `json:"consent_hash"`
	// OfferHash is what the worker signed as applicant (credential.OfferHash).
	OfferHash string `json:"offer_hash"`
	// Credentials are the ids of the credentials presented, the offer first.
	Credentials []string `json:"credentials"`
}

// Evaluated is an evaluation and the facts that it was made from.
type Evaluated struct {
	Facts      ruleset.Facts      `json:"facts"`
	Evaluation ruleset.Evaluation `json:"evaluation"`
}

// Evaluations are all evaluations of the case, oldest first, each with the facts
// that it was made from. The last is the one that counts.
func (r Record) Evaluations() []Evaluated {
	return append(slices.Clone(r.File.Earlier), Evaluated{Facts: r.File.evaluated(), Evaluation: r.Case.Evaluation()})
}

func (f File) evaluated() ruleset.Facts {
	if f.Evaluated != nil {
		return *f.Evaluated
	}
	return f.Facts
}

// application is what the rules read.
func (f File) application() ruleset.Application {
	a := ruleset.Application{Offer: f.Offer.Claims, Accreditation: f.Accreditation, Signatory: f.Signatory}
	for _, one := range f.Supporting {
		a.Supporting = append(a.Supporting, ruleset.Supporting{Type: one.Type, Claims: one.Claims, Issuer: one.Issuer})
	}
	return a
}

// Offer is the credential that was presented.
type Offer struct {
	CredentialID string         `json:"credential_id"`
	Type         string         `json:"type"`
	Issuer       string         `json:"issuer"`
	Subject      string         `json:"subject"`
	Status       []status.Entry `json:"status"`
	Claims       map[string]any `json:"claims"`
	// Key is the id of the key that signed the offer, SignedAt when.
	Key      string    `json:"key"`
	SignedAt time.Time `json:"signed_at"`
}

// Step is a step of a case's timeline and the event that told of it, if any.
type Step struct {
	casefile.Step
	EventID, EventType string
}

// Presentation is what is stored once for each presentation of a case.
type Presentation struct {
	CapabilityHash string // hexadecimal SHA-256
	Document       []byte
}

// Ruling is who decided.
type Ruling struct {
	TokenHash string // of the token that the officer showed, empty for rules
	Note      string
}

// Listing asks for cases.
type Listing struct {
	After   int64 // position
	Limit   int
	State   string // OPEN, WITHDRAWN, a casefile.State, or "" for all
	OfferID string // or ""
	// Newest lists from After downwards; 0 begins with the newest.
	Newest bool
}

// Store keeps sessions, cases and the access log. What it does not find is a
// NotFound fault. Every write is durable with its transaction.
type Store interface {
	// ByNumber finds a case by its number or its applicant's DUF number.
	ByNumber(ctx context.Context, q sqldb.Querier, number string) (Record, error)
	AddSession(ctx context.Context, tx *sqldb.Tx, s Session) error
	Session(ctx context.Context, q sqldb.Querier, thread, theirs string) (Session, error)
	RenewSession(ctx context.Context, tx *sqldb.Tx, s Session) error
	// EndSession takes a session from Asked to Used or Abandoned, provided that
	// its challenge is still this one; false when it was not.
	EndSession(ctx context.Context, tx *sqldb.Tx, s Session, to SessionState, caseRef string) (bool, error)
	// HasPresented reports whether a session with the DID was used up in the case.
	HasPresented(ctx context.Context, q sqldb.Querier, caseRef, theirs string) (bool, error)

	// Number gives a new case its position and its number within the year.
	Number(ctx context.Context, tx *sqldb.Tx, year int) (position, number int64, err error)
	// TakeDUF makes a DUF number the case's; false when it is taken.
	TakeDUF(ctx context.Context, tx *sqldb.Tx, duf, caseRef string) (bool, error)
	// Add puts in a new case; false when the offer has opened one already.
	Add(ctx context.Context, tx *sqldb.Tx, r Record, p Presentation) (bool, error)
	// AddPresentation keeps another presentation of a case; false when its offer
	// was presented before.
	AddPresentation(ctx context.Context, tx *sqldb.Tx, r Record, p Presentation) (bool, error)
	// Save writes a case back that nobody has changed since it was read.
	Save(ctx context.Context, tx *sqldb.Tx, r Record) error
	AddStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step Step) error
	AddDecision(ctx context.Context, tx *sqldb.Tx, r Record, decision casefile.Decision, ruling Ruling) error
	Decisions(ctx context.Context, q sqldb.Querier, caseRef string) ([]Made, error)
	AddAppeal(ctx context.Context, tx *sqldb.Tx, r Record, grounds string) error
	// Grounds are those of a case's appeal.
	Grounds(ctx context.Context, q sqldb.Querier, caseRef string) (string, error)
	ByRef(ctx context.Context, q sqldb.Querier, caseRef string) (Record, error)
	// ByOffer finds the cases that rest on an offer of this id now.
	ByOffer(ctx context.Context, q sqldb.Querier, offerID string) ([]Record, error)
	// ByPresented finds the case in which an issuer's offer was ever presented.
	ByPresented(ctx context.Context, q sqldb.Querier, issuer, offerID string) (Record, error)
	ByEmployer(ctx context.Context, q sqldb.Querier, organisationNumber string) ([]Record, error)
	// List gives cases by position.
	List(ctx context.Context, q sqldb.Querier, l Listing) ([]Record, error)

	AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error
	Accesses(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]accesslog.Row, error)
	// CapabilityHashes are those of all presentations of a case, none for a case
	// that is unknown.
	CapabilityHashes(ctx context.Context, q sqldb.Querier, caseRef string) ([]string, error)

	AddPayment(ctx context.Context, tx *sqldb.Tx, caseRef string, p Payment, look time.Time) error
	DuePayments(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]DuePayment, error)
	PutOffPayment(ctx context.Context, tx *sqldb.Tx, p DuePayment, until time.Time) error
	IsPaymentDue(ctx context.Context, q sqldb.Querier, paymentID string) (bool, error)
	// HastenPayment has a payment that is waited for looked at now, by its id or
	// by its case; it tells how many there were.
	HastenPayment(ctx context.Context, tx *sqldb.Tx, paymentID, caseRef string, now time.Time) (int64, error)
	EndPayment(ctx context.Context, tx *sqldb.Tx, caseRef string) error
	PaymentURL(ctx context.Context, q sqldb.Querier, caseRef string) (string, error)

	// PutStanding keeps how an employer stands; false for news that are older
	// than what is known. Standing of an employer of whom nothing is known is
	// good.
	PutStanding(ctx context.Context, tx *sqldb.Tx, s Standing) (bool, error)
	Standing(ctx context.Context, q sqldb.Querier, organisationNumber string) (Standing, error)

	AddCorrection(ctx context.Context, tx *sqldb.Tx, caseRef, eventID string, now time.Time) error
	DueCorrections(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]DueCorrection, error)
	PutOffCorrection(ctx context.Context, tx *sqldb.Tx, c DueCorrection, until time.Time) error
	// EndCorrection is true once.
	EndCorrection(ctx context.Context, tx *sqldb.Tx, eventID string) (bool, error)

	// Automatic are the cases that rules are to decide by now.
	Automatic(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]string, error)
	// SetAutomatic says when; the zero time is never.
	SetAutomatic(ctx context.Context, tx *sqldb.Tx, caseRef string, at time.Time) error

	AddMember(ctx context.Context, tx *sqldb.Tx, family string, m Member, officer string, at time.Time) error
	Members(ctx context.Context, q sqldb.Querier, family string) ([]Member, error)
}

// Agency is somebody who may have a view of granted cases.
type Agency struct {
	Name    string // police, tax, testbanken
	Kind    string // police, tax, bank: a consent names one of each
	Caller  string // the name on its certificate
	DID     string
	Purpose string
	Claims  []string // paths that it may ever get
	Shares  []string // what it may tell others when the worker agrees
	// EarlyPurpose and EarlyClaims are what it may read for before the decision;
	// empty for nothing.
	EarlyPurpose string
	EarlyClaims  []string
}

// Config is what the desk needs.
type Config struct {
	DB       *sqldb.DB
	Store    Store
	Agent    *agent.Agent
	Outbox   *events.Outbox
	Resolver did.Resolver
	// Verification asks status lists and the trust list anew each time.
	Verification *verification.Verifier
	Rules        *ruleset.RuleSet
	// Automation lets rules grant what they can. Otherwise officers decide.
	Automation bool
	Parameters *casefile.Parameters
	Notices    *casefile.Notices
	Payments   Payments
	// Signatories and Identities are other services.
	Signatories Signatories
	Identities  Identities
	Clock       clock.Clock
	Random      io.Reader
	Zone        *time.Location // in which a date is today's
	DID         string         // our own
	Agencies    []Agency
	// ChallengeLifetime is how long a wallet has to answer.
	ChallengeLifetime time.Duration
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Issuer is set once, after both exist.
	Issuer *issuance.Issuer

	payBell, correctBell, automaticBell *runner.Bell
}

// New makes the desk.
func New(c Config) *Desk {
	return &Desk{Config: c, payBell: runner.NewBell(), correctBell: runner.NewBell(), automaticBell: runner.NewBell()}
}

// Jobs are the desk's background work.
func (d *Desk) Jobs() []runner.Job {
	return []runner.Job{
		{Name: "fee.look", Step: d.PayStep, Idle: 500 * time.Millisecond, Bell: d.payBell},
		{Name: "case.correct", Step: d.CorrectStep, Idle: time.Second, Bell: d.correctBell},
		{Name: "case.automatic", Step: d.AutomaticStep, Idle: 5 * time.Second, Bell: d.automaticBell},
	}
}

func (d *Desk) random(n int) ([]byte, error) {
	random := make([]byte, n)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return nil, fmt.Errorf("draw random bytes: %w", err)
	}
	return random, nil
}

// newID makes a random id with a prefix that tells what it names.
func (d *Desk) newID(prefix string) (string, error) {
	random, err := d.random(16)
	return prefix + hex.EncodeToString(random), err
}

// newSecret makes 32 random bytes as text.
func (d *Desk) newSecret() (string, error) {
	random, err := d.random(32)
	return base64.RawURLEncoding.EncodeToString(random), err
}

// save writes a changed case back with the steps that are new in its timeline
// and the events that told of them.
func (d *Desk) save(ctx context.Context, tx *sqldb.Tx, r Record, told ...*eventbus.Event) error {
	if err := d.Store.Save(ctx, tx, r); err != nil {
		return err
	}
	return d.addSteps(ctx, tx, r, told)
}

func (d *Desk) addSteps(ctx context.Context, tx *sqldb.Tx, r Record, told []*eventbus.Event) error {
	for _, happened := range r.Case.Snapshot().Timeline[len(r.Steps):] {
		step := Step{Step: happened}
		for _, event := range told {
			if event != nil && event.Name() == StepName(happened) {
				step.EventID, step.EventType = event.ID, event.Type
			}
		}
		if err := d.Store.AddStep(ctx, tx, r.Case.ID(), step); err != nil {
			return err
		}
	}
	return nil
}

// stepNames are milestones of UDI's own in the words of events.
var stepNames = map[casefile.Milestone]string{
	casefile.ApplicationReceived:  "application.submitted",
	casefile.FeePaid:              "application.feepaid",
	casefile.OfferWithdrawn:       "offer.withdrawn",
	casefile.OfferSuperseded:      "offer.superseded",
	casefile.NewOfferPresented:    "application.submitted",
	casefile.EmployerStands:       "employer.reinstated",
	casefile.DecisionMade:         "decision.made",
	casefile.DecisionAppealed:     "decision.appealed",
	casefile.CaseHalted:           "case.halted",
	casefile.CaseResumed:          "case.resumed",
	casefile.PermitRevoked:        "permit.revoked",
	casefile.CaseCorrected:        "case.corrected",
	casefile.ApplicationWithdrawn: "application.withdrawn",
	casefile.CaseCompleted:        "case.completed",
}

// StepName is a step in the words of the event that tells of it.
func StepName(s casefile.Step) string {
	if name, ok := stepNames[s.Step]; ok {
		return name
	}
	if s.Step == casefile.EmployerStopped {
		if s.Cause == string(casefile.CauseEmployerRevoked) {
			return "employer.revoked"
		}
		return "employer.suspended"
	}
	for _, milestones := range Milestones() {
		for name, milestone := range milestones {
			if milestone == s.Step {
				return name
			}
		}
	}
	return ""
}

// object writes a message's body or attachment; what it is given always can be
// written.
func object(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
