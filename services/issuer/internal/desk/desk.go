// Package desk is what an employer can do with an offer, and what a worker's
// wallet can do with its invitation: issue, collect, deliver, withdraw. A verb
// loads, lets offer decide, saves and leaves messages, events and mail in the
// outboxes, in one transaction.
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
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// Record is an offer and what the issuer keeps beside it.
type Record struct {
	Offer        *offer.Offer
	Tenant       string // the employer's organisation number
	CredentialID string
	FormHash     string // of the form as it was signed
	Traceparent  string // of the case
}

// Authorisation is who signed the offer for the employer.
type Authorisation struct {
	IdempotencyKey string
	TokenHash      string // of the token that was shown
	AuthorisedBy   string // the right, as Ansattporten names it
	Code           offer.CollectionCode
}

// Step is one thing that happened to an offer.
type Step struct {
	Name      string
	TimeClass eventbus.TimeClass
	EventID   string
	EventType string
	At        time.Time
}

// Store keeps offers, their timelines and the mail that waits. What it does
// not find is a NotFound fault.
type Store interface {
	Add(ctx context.Context, tx *sqldb.Tx, r Record, a Authorisation) error
	Save(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error
	ByID(ctx context.Context, q sqldb.Querier, id string) (Record, error)
	ByCredential(ctx context.Context, q sqldb.Querier, id string) (Record, error)
	ByKey(ctx context.Context, q sqldb.Querier, tenant, key string) (Record, error)
	Code(ctx context.Context, q sqldb.Querier, id string) (offer.CollectionCode, error)
	List(ctx context.Context, q sqldb.Querier, tenant string, state offer.State, before time.Time, limit int) ([]Record, error)
	AddStep(ctx context.Context, tx *sqldb.Tx, offerID string, step Step) error
	Steps(ctx context.Context, q sqldb.Querier, offerID string) ([]Step, error)
	AddMail(ctx context.Context, tx *sqldb.Tx, id string, raw []byte, due time.Time) error
	NextMail(ctx context.Context, q sqldb.Querier, now time.Time) (id string, raw []byte, attempts int64, err error)
	MailSent(ctx context.Context, tx *sqldb.Tx, id string) error
	MailLater(ctx context.Context, tx *sqldb.Tx, id string, due time.Time) error
}

// Trust says who is accredited. Errors are faults.
type Trust interface {
	Accredited(ctx context.Context, issuer, credentialType string, at time.Time) (trustlist.Entity, error)
}

// Mailer carries a mail away. nil means that it has been taken durably.
type Mailer interface {
	Deliver(ctx context.Context, id string, raw []byte) error
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
	DB      *sqldb.DB
	Store   Store
	Agent   *agent.Agent
	Outbox  *events.Outbox
	Trust   Trust
	Mailer  Mailer
	Clock   clock.Clock
	Random  io.Reader
	Rules   offer.Rules
	Zone    *time.Location // in which a date is today's
	Tenants []Tenant
	// PublicURL is where invitations are.
	PublicURL string
}

// Desk is safe for concurrent use.
type Desk struct {
	Config
	// Issuer is set once, after both exist: its hooks are the desk's verbs.
	Issuer *issuance.Issuer

	mail *runner.Bell
}

// New makes the desk.
func New(c Config) *Desk { return &Desk{Config: c, mail: runner.NewBell()} }

// Jobs are the desk's background work.
func (d *Desk) Jobs() []runner.Job {
	return []runner.Job{{Name: "mail.send", Step: d.MailStep, Idle: time.Second, Bell: d.mail}}
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

// happened puts an event in the outbox and the step that it tells of in the
// offer's timeline.
func (d *Desk) happened(ctx context.Context, tx *sqldb.Tx, offerID, name string, class eventbus.TimeClass) error {
	event, err := d.Outbox.Append(ctx, tx, events.Happened{Type: name, Case: offerID, TimeClass: class})
	if err != nil {
		return err
	}
	return d.Store.AddStep(ctx, tx, offerID, Step{Name: name, TimeClass: class, EventID: event.ID, EventType: event.Type, At: event.Time})
}
