package desk

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Application is what an employer applies with, or what the programme office
// found out about it.
type Application struct {
	OrganisationNumber string
	LegalName          string
	DID                string
	Criteria           []string // the office found met; of no meaning in Apply
	Municipality       string   // four digits, or empty
	// What came later stands last and is left out when empty, so that the hash
	// of what was asked before has not changed.
	Contact     string                    `json:",omitempty"`
	DeclaredBy  string                    `json:",omitempty"`
	Signatories []accreditation.Signatory `json:",omitempty"`
}

func (a Application) domain(id string, mode identifier.Mode) accreditation.Application {
	return accreditation.Application{
		ID: id, OrganisationNumber: a.OrganisationNumber, LegalName: a.LegalName, Contact: a.Contact, DeclaredBy: a.DeclaredBy,
		Signatories: a.Signatories, Mode: mode,
	}
}

// Apply opens an application, or amends the one that is pending. by is the
// officer or the employer. When the register does not answer, the application
// stands, with what only the register knows unknown.
func (d *Desk) Apply(ctx context.Context, a Application, by string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Apply")
	defer func() { end(err) }()
	if err := fault.Violated("accreditation.invalid", "the application cannot be taken as it is", d.check(a)); err != nil {
		return Record{}, err
	}
	entity, unanswered := d.look(ctx, a.OrganisationNumber)
	if unanswered == nil {
		if err := named(a, entity); err != nil {
			return Record{}, err
		}
	}
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var fresh bool
		if record, fresh, err = d.open(ctx, tx, a, by); err != nil {
			return err
		}
		before := accreditation.Pending
		if fresh {
			before = ""
		}
		if unanswered == nil {
			record.Accreditation.Look(entity, d.Figures.On(d.now()))
		}
		return d.settle(ctx, tx, &record, before)
	})
	return record, err
}

// open gives the application that is pending, amended, or a new one, which is
// added. What stands in the way is a Conflict.
func (d *Desk) open(ctx context.Context, tx *sqldb.Tx, a Application, by string) (_ Record, fresh bool, err error) {
	now := d.now()
	have, err := d.Store.Newest(ctx, tx, a.OrganisationNumber)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Record{}, false, err
	}
	none := err != nil
	if !none {
		if err := d.mayApply(ctx, tx, &have, now); err != nil {
			return Record{}, false, err
		}
	}
	if err := d.freeDID(ctx, tx, a); err != nil {
		return Record{}, false, err
	}
	if !none && have.Accreditation.State() == accreditation.Pending {
		have.DID, have.Municipality = a.DID, a.Municipality
		return have, false, have.Accreditation.Amend(a.domain(have.Accreditation.ID(), d.Mode), now)
	}
	id, err := d.newID("acc_")
	if err != nil {
		return Record{}, false, err
	}
	made, err := accreditation.Apply(a.domain(id, d.Mode), accreditation.Decision{By: by, At: now})
	if err != nil {
		return Record{}, false, err
	}
	record := Record{Accreditation: made, DID: a.DID, Municipality: a.Municipality, Traceparent: telemetry.Traceparent(ctx)}
	return record, true, d.Store.Add(ctx, tx, record, now)
}

// mayApply refuses whoever has an accreditation, or is banned. One whose last
// day is over expires first.
func (d *Desk) mayApply(ctx context.Context, tx *sqldb.Tx, have *Record, now time.Time) error {
	before := have.Accreditation.State()
	switch before {
	case accreditation.Accredited, accreditation.Suspended:
		expired, err := have.Accreditation.Expire(machine, now)
		if err != nil {
			return err
		}
		if !expired {
			return fault.New(fault.Conflict, "accreditation.in-force", "the organisation is accredited or suspended: there is nothing to apply for")
		}
		return d.settle(ctx, tx, have, before)
	case accreditation.Revoked:
		if now.Before(have.Accreditation.BannedUntil()) {
			return fault.New(fault.Conflict, "accreditation.revoked", "the organisation's accreditation was revoked: it may apply again when its ban is over")
		}
	}
	return nil
}

// freeDID refuses a DID that somebody else issues with.
func (d *Desk) freeDID(ctx context.Context, tx *sqldb.Tx, a Application) error {
	taken := fault.New(fault.Conflict, "accreditation.did-taken", "this DID is another organisation's")
	for _, agency := range d.Agencies {
		if agency.DID == a.DID {
			return taken
		}
	}
	other, err := d.Store.ByDID(ctx, tx, a.DID)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	case other.Accreditation.OrganisationNumber() != a.OrganisationNumber:
		return taken
	}
	return nil
}

// named refuses a name that is not the register's. An organisation that the
// register does not have fails by EMP-1.
func named(a Application, e accreditation.Entity) error {
	if e.Existence != accreditation.Exists || accreditation.Same(a.LegalName, e.Name) {
		return nil
	}
	return fault.Violated("accreditation.invalid", "the application cannot be taken as it is", []fault.Violation{
		{Field: "legal_name", Rule: "accreditation.legal-name-differs", Message: "Enhetsregisteret has another name for this organisation number"}})
}

var municipality = regexp.MustCompile(`^[0-9]{4}$`)

// check says everything that is wrong with an application at once; whether the
// criteria suffice the domain says.
func (d *Desk) check(a Application) []fault.Violation {
	var wrong []fault.Violation
	when := func(broken bool, field, rule, message string) {
		if broken {
			wrong = append(wrong, fault.Violation{Field: field, Rule: "accreditation." + rule, Message: message})
		}
	}
	if err := identifier.CheckOrganisationNumber(a.OrganisationNumber, d.Mode); err != nil {
		f := fault.From(err)
		wrong = append(wrong, fault.Violation{Field: "organisation_number", Rule: f.Rule, Message: f.Message})
	}
	when(strings.TrimSpace(a.LegalName) == "" || utf8.RuneCountInString(a.LegalName) > 200 || !utf8.ValidString(a.LegalName),
		"legal_name", "legal-name", "give the registered name, 1 to 200 characters")
	_, err := did.WebURL(a.DID)
	when(err != nil, "did", "did", "give the did:web that the employer issues with")
	if a.Contact != "" {
		when(identifier.CheckEmail(a.Contact) != nil, "contact_email", "contact", "give an e-mail address, or nothing")
	}
	when(utf8.RuneCountInString(a.DeclaredBy) > 200 || !utf8.ValidString(a.DeclaredBy), "pay_declared_by", "declared-by", "give a name of at most 200 characters")
	when(len(a.Signatories) > 50, "signatories", "signatories", "name at most 50")
	when(a.Municipality != "" && !municipality.MatchString(a.Municipality), "municipality", "municipality", "give the municipality's four digits, or nothing")
	return wrong
}
