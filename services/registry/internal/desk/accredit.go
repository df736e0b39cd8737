package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Application is what the programme office found out about an employer.
type Application struct {
	OrganisationNumber string
	LegalName          string
	DID                string
	Criteria           []string // found met
	Municipality       string   // four digits, or empty
}

// Accredit makes an employer a trusted issuer of offers: its credential is
// signed to its DID and the trust list moves on. The same content again
// answers the same accreditation; other content for the same organisation or
// DID is a Conflict.
func (d *Desk) Accredit(ctx context.Context, a Application) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Accredit")
	defer func() { end(err) }()
	a.Criteria = slices.Compact(slices.Sorted(slices.Values(a.Criteria)))
	if err := d.check(a); err != nil {
		return Record{}, err
	}
	hash, err := hashOf(a)
	if err != nil {
		return Record{}, err
	}
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		have, err := d.before(ctx, tx, a)
		if err != nil {
			return err
		}
		if have.Accreditation != nil {
			if have.ContentHash != hash {
				return fault.New(fault.Conflict, "accreditation.other-content", "this organisation, or this DID, is accredited with other content: revoke that first")
			}
			record = have
			return nil
		}
		record, err = d.accredit(ctx, tx, a, hash)
		return err
	})
	return record, err
}

func (d *Desk) accredit(ctx context.Context, tx *sqldb.Tx, a Application, hash string) (Record, error) {
	now := d.Clock.Now().UTC()
	id, err := d.newID("acc_")
	if err != nil {
		return Record{}, err
	}
	made, err := accreditation.Apply(accreditation.Application{ID: id, OrganisationNumber: a.OrganisationNumber, LegalName: a.LegalName, Mode: d.Mode})
	if err != nil {
		return Record{}, err
	}
	for _, criterion := range a.Criteria {
		if err := made.Record(accreditation.Criterion(criterion), true); err != nil {
			return Record{}, err
		}
	}
	if _, err := made.Accredit(now); err != nil {
		return Record{}, err
	}
	record := Record{Accreditation: made, DID: a.DID, Municipality: a.Municipality, ContentHash: hash, Traceparent: telemetry.Traceparent(ctx)}
	if record.CredentialID, err = d.sign(ctx, tx, record); err != nil {
		return Record{}, err
	}
	if err := d.Store.Add(ctx, tx, record, now); err != nil {
		return Record{}, err
	}
	if err := d.Store.NextVersion(ctx, tx); err != nil {
		return Record{}, err
	}
	_, err = d.Outbox.Append(ctx, tx, events.Happened{Type: "employer.accredited", Case: id, TimeClass: eventbus.Human})
	return record, err
}

// sign reserves the EmployerAccreditation credential and signs it to the
// employer's DID: an organisation shows no key, its DID document does.
func (d *Desk) sign(ctx context.Context, tx *sqldb.Tx, r Record) (string, error) {
	claims, err := r.Accreditation.Claims()
	if err != nil {
		return "", err
	}
	if r.Municipality != "" {
		claims["municipality"] = r.Municipality
	}
	id, err := d.Issuer.Reserve(ctx, tx, issuance.Draft{
		Type: credtype.EmployerAccreditation, Reference: r.Accreditation.ID(), Issuer: d.DID, Claims: claims,
		ValidFrom: r.Accreditation.ValidFrom(), ValidUntil: endOf(r.Accreditation),
	})
	if err != nil {
		return "", err
	}
	_, err = d.Issuer.IssueTo(ctx, tx, id, r.DID)
	return id, err
}

// endOf is the instant at which an accreditation's last day is over.
func endOf(a *accreditation.Accreditation) time.Time { return a.ValidUntil().AddDate(0, 0, 1) }

// before finds the accreditation in force of the organisation or the DID; an
// empty Record when there is none and there may be one.
func (d *Desk) before(ctx context.Context, tx *sqldb.Tx, a Application) (Record, error) {
	for _, agency := range d.Agencies {
		if agency.DID == a.DID {
			return Record{}, fault.New(fault.Conflict, "accreditation.did-taken", "this DID is an agency's")
		}
	}
	have, err := d.Store.Newest(ctx, tx, a.OrganisationNumber)
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
	case err != nil:
		return Record{}, err
	case have.Accreditation.State() != accreditation.Revoked:
		return have, nil
	case d.Clock.Now().Before(have.Accreditation.MayApplyFrom()):
		return Record{}, fault.New(fault.Conflict, "accreditation.revoked", "the organisation's accreditation was revoked: it may apply again two years after that")
	}
	have, err = d.Store.ByDID(ctx, tx, a.DID)
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return Record{}, nil
	}
	return have, err
}

var municipality = regexp.MustCompile(`^[0-9]{4}$`)

// check says everything that is wrong with an application at once; whether the
// criteria suffice the domain says.
func (d *Desk) check(a Application) error {
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
	when(len(a.Criteria) == 0, "criteria", "criterion", "name the criteria that were found met")
	for _, c := range a.Criteria {
		_, known := accreditation.Criteria[accreditation.Criterion(c)]
		when(!known, "criteria", "criterion", "there is a criterion that the programme does not have")
	}
	when(a.Municipality != "" && !municipality.MatchString(a.Municipality), "municipality", "municipality", "give the municipality's four digits, or nothing")
	return fault.Violated("accreditation.invalid", "the accreditation cannot be recorded as it is", wrong)
}

func hashOf(a Application) (string, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("hash accreditation: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
