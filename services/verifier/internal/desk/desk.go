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
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Session is a present-proof thread with a wallet.
type Session struct {
	Thread    string
	Theirs    string // the wallet's DID in the thread
	Challenge string
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
	Applicant   string // the wallet's DID in the application's thread
	File        File
	Steps       []Step // as recorded
	OpenedAt    time.Time
	Traceparent string
	Version     int64 // what Save expects to find
}

// File is the sealed part of a case: personal data.
type File struct {
	Facts   ruleset.Facts `json:"facts"`
	Offer   Offer         `json:"offer"`
	Consent Consent       `json:"consent"`
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

// Opening is what is stored only once, when a case is opened.
type Opening struct {
	CapabilityHash string // hexadecimal SHA-256
	Presentation   []byte
}

// Ruling is who decided.
type Ruling struct {
	TokenHash string // of the token that the officer showed
	Note      string
}

// Listing asks for cases.
type Listing struct {
	After   int64 // position
	Limit   int
	State   string // OPEN, WITHDRAWN, GRANTED, REFUSED, COMPLETED, or "" for all
	OfferID string // or ""
}

// Store keeps sessions, cases and the access log. What it does not find is a
// NotFound fault. Every write is durable with its transaction.
type Store interface {
	AddSession(ctx context.Context, tx *sqldb.Tx, s Session) error
	Session(ctx context.Context, q sqldb.Querier, thread, theirs string) (Session, error)
	RenewSession(ctx context.Context, tx *sqldb.Tx, s Session) error
	// EndSession takes a session from Asked to Used or Abandoned, provided that
	// its challenge is still this one; false when it was not.
	EndSession(ctx context.Context, tx *sqldb.Tx, s Session, to SessionState, caseRef string) (bool, error)

	// Number gives a new case its position and its number within the year.
	Number(ctx context.Context, tx *sqldb.Tx, year int) (position, number int64, err error)
	// TakeDUF makes a DUF number the case's; false when it is taken.
	TakeDUF(ctx context.Context, tx *sqldb.Tx, duf, caseRef string) (bool, error)
	// Add puts in a new case; false when the offer has opened one already.
	Add(ctx context.Context, tx *sqldb.Tx, r Record, o Opening) (bool, error)
	// Save writes a case back that nobody has changed since it was read.
	Save(ctx context.Context, tx *sqldb.Tx, r Record) error
	AddStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step Step) error
	AddDecision(ctx context.Context, tx *sqldb.Tx, r Record, ruling Ruling) error
	ByRef(ctx context.Context, q sqldb.Querier, caseRef string) (Record, error)
	ByOffer(ctx context.Context, q sqldb.Querier, offerID string) (Record, error)
	// List gives cases by position.
	List(ctx context.Context, q sqldb.Querier, l Listing) ([]Record, error)

	AddAccess(ctx context.Context, tx *sqldb.Tx, e accesslog.Entry) error
	Accesses(ctx context.Context, q sqldb.Querier, caseRef string, after int64, limit int) ([]accesslog.Row, error)
	CapabilityHash(ctx context.Context, q sqldb.Querier, caseRef string) (string, error)
}

// Agency is somebody who may have a view of granted cases.
type Agency struct {
	Name    string // police, tax, bank
	Caller  string // the name on its certificate
	DID     string
	Purpose string
	Claims  []string // paths that it may ever get
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
	Clock        clock.Clock
	Random       io.Reader
	Zone         *time.Location // in which a date is today's
	DID          string         // our own
	Agencies     []Agency
	// ChallengeLifetime is how long a wallet has to answer.
	ChallengeLifetime time.Duration
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Issuer is set once, after both exist.
	Issuer *issuance.Issuer
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c} }

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
			if event != nil && event.Name() == StepName(happened.Step) {
				step.EventID, step.EventType = event.ID, event.Type
			}
		}
		if err := d.Store.AddStep(ctx, tx, r.Case.ID(), step); err != nil {
			return err
		}
	}
	return nil
}

// stepNames are milestones in the words of events.
var stepNames = map[casefile.Milestone]string{
	casefile.ApplicationReceived: "application.submitted",
	casefile.OfferWithdrawn:      "offer.withdrawn",
	casefile.DecisionMade:        "decision.made",
	casefile.CaseCompleted:       "case.completed",
	casefile.AppointmentBooked:   "appointment.booked",
	casefile.AppointmentAttended: "appointment.attended",
	casefile.IdentityVerified:    "identity.verified",
	casefile.ResidenceCardIssued: "residencecard.issued",
	casefile.IdentifierAssigned:  "identifier.assigned",
	casefile.TaxCardIssued:       "taxcard.issued",
	casefile.AccountOpened:       "bankaccount.opened",
}

// StepName is a milestone in the words of the event that tells of it.
func StepName(m casefile.Milestone) string { return stepNames[m] }

// object writes a message's body or attachment; what it is given always can be
// written.
func object(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
