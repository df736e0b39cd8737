// Package desk is what an employer can do with an offer, and what a worker's
// wallet can do with its invitation: draft, sign, change, withdraw, collect,
// deliver; many at once from a file; and what events of others do to them. A
// verb loads, lets the domain decide, saves and leaves messages, events and
// mail in the outboxes, in one transaction.
package desk

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Record is an offer and what the issuer keeps beside it.
type Record struct {
	Offer        *offer.Offer
	Tenant       string // the employer's organisation number
	CredentialID string // once signed
	FormHash     string // of the form under which the idempotency key was used
	Traceparent  string // of the case
}

// Authorisation is who signed the offer for the employer.
type Authorisation struct {
	TokenHash    string // of the token that was shown
	AuthorisedBy string // the right, as Ansattporten or the register names it
	FormHash     string // of the form as it was signed
	Code         offer.CollectionCode
}

// Step is one thing that happened to an offer or its case.
type Step struct {
	Service   string // that took it
	Name      string
	Cause     string // why, a code; empty for most
	TimeClass eventbus.TimeClass
	EventID   string
	EventType string
	At        time.Time
}

// Tenant is an employer that issues here.
type Tenant struct {
	OrganisationNumber string
	LegalName          string
	ContactEmail       string
	DID                string
}

// Config is what the desk needs.
type Config struct {
	DB     *sqldb.DB
	Store  Store
	Agent  *agent.Agent
	Outbox *events.Outbox
	Trust  Trust
	// Signatories may be nil in tests alone: nobody asks who may sign then.
	Signatories Signatories
	// Identifiers, TaxCards and Accounts are nil where the service is not set up
	// to ask for them.
	Identifiers Identifiers
	TaxCards    TaxCards
	Accounts    Accounts
	Mailer      Mailer
	// Resending says how often a guide may be sent again.
	Resending Limiter
	Clock     clock.Clock
	Random    io.Reader
	Rules     offer.Rules
	Zone      *time.Location // in which a date is today's
	Tenants   []Tenant
	// PublicURL is where invitations are.
	PublicURL string
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Issuer is set once, after both exist: its hooks are the desk's verbs.
	Issuer *issuance.Issuer

	mail, batch, revoked, cards *runner.Bell
}

// New makes the desk.
func New(c Config) *Desk {
	return &Desk{Config: c, mail: runner.NewBell(), batch: runner.NewBell(), revoked: runner.NewBell(), cards: runner.NewBell()}
}

// Jobs are the desk's background work.
func (d *Desk) Jobs() []runner.Job {
	return []runner.Job{
		{Name: "mail.send", Step: d.MailStep, Idle: time.Second, Bell: d.mail, Gather: gatherMail},
		{Name: "offer.expire", Step: d.ExpireStep, Idle: time.Minute},
		{Name: "offer.issue-batch", Step: d.BatchStep, Idle: time.Second, Bell: d.batch},
		{Name: "offer.withdraw-revoked", Step: d.RevokedStep, Idle: time.Minute, Bell: d.revoked},
		{Name: "taxcard.fetch", Step: d.TaxCardStep, Idle: time.Second, Bell: d.cards},
	}
}

func (d *Desk) tenant(organisationNumber string) (Tenant, error) {
	for _, t := range d.Tenants {
		if t.OrganisationNumber == organisationNumber {
			return t, nil
		}
	}
	return Tenant{}, fault.New(fault.Denied, "offer.no-such-employer", "this token stands for an employer that does not issue here")
}

func (d *Desk) newID(prefix string) (string, error) {
	random := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, random); err != nil {
		return "", fmt.Errorf("make id: %w", err)
	}
	return prefix + hex.EncodeToString(random), nil
}

// tell puts an event in the outbox and the step that it tells of in the offer's
// timeline.
func (d *Desk) tell(ctx context.Context, tx *sqldb.Tx, h events.Happened) error {
	event, err := d.Outbox.Append(ctx, tx, h)
	if err != nil {
		return err
	}
	cause, _ := h.Data["reason"].(string)
	return d.Store.AddStep(ctx, tx, h.Case, Step{
		Service: "issuer", Name: h.Type, Cause: cause, TimeClass: h.TimeClass, EventID: event.ID, EventType: event.Type, At: event.Time,
	})
}

// Get gives one of the tenant's offers with its timeline.
func (d *Desk) Get(ctx context.Context, tenant, id string) (Record, error) {
	return d.ofTenant(ctx, d.DB.Read(), tenant, id)
}

// Steps are what has happened to an offer, in order.
func (d *Desk) Steps(ctx context.Context, record Record) ([]Step, error) {
	return d.Store.Steps(ctx, d.DB.Read(), record.Offer.ID())
}

// Listing is which of a tenant's offers and drafts are wanted.
type Listing struct {
	Tenant string
	State  offer.State // empty: every state
	// After is the instant after which the list begins, in its order: those made
	// before it, newest first, or those made later, oldest first.
	After       time.Time
	OldestFirst bool
	Limit       int
}

// List gives a tenant's offers and drafts.
func (d *Desk) List(ctx context.Context, wanted Listing) ([]Record, error) {
	return d.Store.List(ctx, d.DB.Read(), wanted)
}

// ofTenant finds an offer; another tenant's does not exist, nor what was
// discarded.
func (d *Desk) ofTenant(ctx context.Context, q sqldb.Querier, tenant, id string) (Record, error) {
	record, err := d.Store.ByID(ctx, q, id)
	if err == nil && (record.Tenant != tenant || record.Offer.State() == offer.Discarded) {
		err = fault.New(fault.NotFound, "offer.unknown", "there is no such offer")
	}
	return record, err
}
