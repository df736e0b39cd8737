package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/batch"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

// Store keeps offers, their timelines and cases, batches, tax-card orders and
// the mail that waits. What it does not find is a NotFound fault.
type Store interface {
	AddDraft(ctx context.Context, tx *sqldb.Tx, r Record, key string) error
	SaveDraft(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error
	// Sign writes what Offer.Sign has added to a draft.
	Sign(ctx context.Context, tx *sqldb.Tx, r Record, a Authorisation) error
	// Save writes the life of a signed offer.
	Save(ctx context.Context, tx *sqldb.Tx, o *offer.Offer) error
	NextNumber(ctx context.Context, tx *sqldb.Tx, year int) (int, error)
	ByID(ctx context.Context, q sqldb.Querier, id string) (Record, error)
	ByCredential(ctx context.Context, q sqldb.Querier, id string) (Record, error)
	ByKey(ctx context.Context, q sqldb.Querier, tenant, key string) (Record, error)
	Code(ctx context.Context, q sqldb.Querier, id string) (offer.CollectionCode, error)
	List(ctx context.Context, q sqldb.Querier, wanted Listing) ([]Record, error)
	Due(ctx context.Context, q sqldb.Querier, now time.Time, limit int) ([]string, error)
	// Attempt counts one attempt at a number, Forgive takes it back.
	Attempt(ctx context.Context, tx *sqldb.Tx, number offer.Number, most int) (offer.Lock, error)
	Forgive(ctx context.Context, tx *sqldb.Tx, id string) error

	AddStep(ctx context.Context, tx *sqldb.Tx, offerID string, step Step) error
	AddCaseStep(ctx context.Context, tx *sqldb.Tx, caseRef string, step Step) error
	Steps(ctx context.Context, q sqldb.Querier, offerID string) ([]Step, error)
	Case(ctx context.Context, q sqldb.Querier, caseRef string) (progress.Case, error)
	CaseOf(ctx context.Context, q sqldb.Querier, offerID string) (progress.Case, error)
	SaveCase(ctx context.Context, tx *sqldb.Tx, c progress.Case) error
	AddRevokedEmployer(ctx context.Context, tx *sqldb.Tx, r RevokedEmployer) error
	NextRevokedEmployer(ctx context.Context, q sqldb.Querier) (RevokedEmployer, error)
	RevokedEmployerDone(ctx context.Context, tx *sqldb.Tx, eventID string) error
	OpenOffers(ctx context.Context, q sqldb.Querier, tenant string, until time.Time, limit int) ([]string, error)

	AddBatch(ctx context.Context, tx *sqldb.Tx, b Batch, lines []batch.Line) error
	Batch(ctx context.Context, q sqldb.Querier, tenant, id string) (Batch, error)
	BatchByKey(ctx context.Context, q sqldb.Querier, tenant, key string) (Batch, error)
	// NextLine gives a line that is due, and how often it has been tried.
	NextLine(ctx context.Context, q sqldb.Querier, now time.Time) (Batch, batch.Line, int64, error)
	// EndLine ends a line that waits; false when it was ended before.
	EndLine(ctx context.Context, tx *sqldb.Tx, batchID string, line batch.Line) (bool, error)
	LineLater(ctx context.Context, tx *sqldb.Tx, batchID string, line int, due time.Time) error
	BatchDone(ctx context.Context, tx *sqldb.Tx, id string, at time.Time) error
	Lines(ctx context.Context, q sqldb.Querier, batchID string) ([]batch.Line, error)

	// AddOrder puts an order in unless the offer has one.
	AddOrder(ctx context.Context, tx *sqldb.Tx, o taxcard.Order, due time.Time) error
	Order(ctx context.Context, q sqldb.Querier, offerID string) (taxcard.Order, error)
	// NextOrder gives one that is due, and how often it has been tried.
	NextOrder(ctx context.Context, q sqldb.Querier, now time.Time) (taxcard.Order, int64, error)
	// SaveOrder writes an order back, provided that it is still as from; due may
	// be zero for one that is done.
	SaveOrder(ctx context.Context, tx *sqldb.Tx, o taxcard.Order, from taxcard.State, due time.Time) error
	OrderLater(ctx context.Context, tx *sqldb.Tx, offerID, rule string, due time.Time) error

	AddMail(ctx context.Context, tx *sqldb.Tx, id string, raw []byte, due time.Time) error
	DueMail(ctx context.Context, q sqldb.Querier, now time.Time, most int) ([]Mail, error)
	MailSent(ctx context.Context, tx *sqldb.Tx, id string) error
	MailLater(ctx context.Context, tx *sqldb.Tx, id string, due time.Time) error
}

// Trust says who is accredited. Errors are faults.
type Trust interface {
	Accredited(ctx context.Context, issuer, credentialType string, at time.Time) (trustlist.Entity, error)
}

// Signature is who signs an offer for an employer.
type Signature struct {
	OrganisationNumber string
	Name, Role         string
	AuthorisedBy       string // the right that the form names; may be empty
	At                 time.Time
}

// Signatories says whether somebody may sign for an employer, and by what
// authority. Denied when nobody of that name and role may, Unavailable when
// nobody can tell.
type Signatories interface {
	Check(ctx context.Context, s Signature) (authority string, err error)
}

// Identifiers asks the tax administration for the number of the person of a
// case.
type Identifiers interface {
	Identifier(ctx context.Context, caseRef string) (string, error)
}

// TaxCards orders tax cards at the tax administration and asks for its answer.
// Unavailable, by rule taxcard.not-ready, while there is no answer yet.
type TaxCards interface {
	Order(ctx context.Context, w taxcard.Wish) (reference string, err error)
	Answer(ctx context.Context, reference string) (taxcard.Answer, error)
}

// Account is where pay goes.
type Account struct{ IBAN, BIC, BankName string }

// Accounts asks the worker's bank where pay goes. Errors are faults.
type Accounts interface {
	Account(ctx context.Context, caseRef, organisationNumber string) (Account, error)
}

// Mailer carries a mail away. nil means that it has been taken durably.
type Mailer interface {
	Deliver(ctx context.Context, id string, raw []byte) error
}

// Limiter says whether key may do it again now; Throttled when not.
type Limiter interface {
	Allow(ctx context.Context, key string) error
}
