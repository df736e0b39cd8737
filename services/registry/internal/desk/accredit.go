package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// AccreditApplicant puts a pending application in force when all criteria are
// met, by a fresh answer of the register. Again, it changes nothing.
func (d *Desk) AccreditApplicant(ctx context.Context, organisationNumber, by string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.AccreditApplicant")
	defer func() { end(err) }()
	return d.lookAnd(ctx, organisationNumber, func(a *accreditation.Accreditation, entity accreditation.Entity) error {
		// Nobody could tell when the employer applied while the register was away.
		if err := named(Application{LegalName: a.LegalName()}, entity); err != nil {
			return err
		}
		now := d.now()
		_, err := a.Accredit(d.Figures.On(now), accreditation.Decision{By: by, At: now})
		return err
	})
}

// Review asks the register anew and keeps what it answers.
func (d *Desk) Review(ctx context.Context, organisationNumber string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Review")
	defer func() { end(err) }()
	return d.lookAnd(ctx, organisationNumber, func(*accreditation.Accreditation, accreditation.Entity) error { return nil })
}

// lookAnd asks the register about an organisation that has applied, and changes
// its accreditation with the answer.
func (d *Desk) lookAnd(ctx context.Context, organisationNumber string, do func(*accreditation.Accreditation, accreditation.Entity) error) (Record, error) {
	if _, err := d.Store.Newest(ctx, d.DB.Read(), organisationNumber); err != nil {
		return Record{}, err
	}
	entity, err := d.look(ctx, organisationNumber)
	if err != nil {
		return Record{}, err
	}
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err = d.change(ctx, tx, organisationNumber, func(a *accreditation.Accreditation) error {
			a.Look(entity, d.Figures.On(d.now()))
			return do(a, entity)
		})
		return err
	})
	return record, err
}

// Attest writes down what an officer found out of a criterion.
func (d *Desk) Attest(ctx context.Context, organisationNumber string, t accreditation.Attestation) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Attest")
	defer func() { end(err) }()
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err = d.change(ctx, tx, organisationNumber, func(a *accreditation.Accreditation) error {
			t.At = d.now()
			return a.Attest(t)
		})
		return err
	})
	return record, err
}

// Accredit is application, attestation and accreditation in one, for the
// programme office: what it found met of EMP-5 to EMP-8 it attests by that. The
// same content again answers the same accreditation; other content for the same
// organisation or DID is a Conflict.
func (d *Desk) Accredit(ctx context.Context, a Application, by string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Accredit")
	defer func() { end(err) }()
	a.Criteria = slices.Compact(slices.Sorted(slices.Values(a.Criteria)))
	wrong := d.check(a)
	if len(a.Criteria) == 0 || slices.ContainsFunc(a.Criteria, unknown) {
		wrong = append(wrong, fault.Violation{Field: "criteria", Rule: "accreditation.criterion", Message: "name criteria of the programme that were found met"})
	}
	if err := fault.Violated("accreditation.invalid", "the accreditation cannot be recorded as it is", wrong); err != nil {
		return Record{}, err
	}
	hash, err := hashOf(a)
	if err != nil {
		return Record{}, err
	}
	if have, stands, err := d.stands(ctx, d.DB.Read(), a, hash); stands || err != nil {
		return have, err
	}
	entity, err := d.look(ctx, a.OrganisationNumber)
	if err != nil {
		return Record{}, err
	}
	if err := named(a, entity); err != nil {
		return Record{}, err
	}
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		have, stands, err := d.stands(ctx, tx, a, hash)
		if stands || err != nil {
			record = have
			return err
		}
		record, err = d.accredit(ctx, tx, a, hash, entity, by)
		return err
	})
	return record, err
}

func unknown(criterion string) bool {
	return !slices.Contains(accreditation.Criteria(), accreditation.Criterion(criterion))
}

// stands gives what was accredited with the same content before. Other content
// for the organisation is a Conflict.
func (d *Desk) stands(ctx context.Context, q sqldb.Querier, a Application, hash string) (Record, bool, error) {
	have, err := d.Store.Newest(ctx, q, a.OrganisationNumber)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			err = nil
		}
		return Record{}, false, err
	}
	at := d.now()
	if state := have.Accreditation.StateAt(at); state != accreditation.Accredited && state != accreditation.Suspended {
		return Record{}, false, nil
	}
	if have.ContentHash != hash {
		return Record{}, false, fault.New(fault.Conflict, "accreditation.other-content", "this organisation is accredited with other content: revoke that first")
	}
	return have, true, nil
}

func (d *Desk) accredit(ctx context.Context, tx *sqldb.Tx, a Application, hash string, entity accreditation.Entity, by string) (Record, error) {
	record, fresh, err := d.open(ctx, tx, a, by)
	if err != nil {
		return record, err
	}
	if fresh {
		if err := d.tell(ctx, tx, &record, ""); err != nil {
			return record, err
		}
	}
	now := d.now()
	parameters := d.Figures.On(now)
	record.ContentHash = hash
	record.Accreditation.Look(entity, parameters)
	for _, c := range a.Criteria {
		if attestable(a, accreditation.Criterion(c)) {
			attestation := accreditation.Attestation{Criterion: accreditation.Criterion(c), Met: true, By: by, At: now}
			if err := record.Accreditation.Attest(attestation); err != nil {
				return record, err
			}
		}
	}
	if _, err := record.Accreditation.Accredit(parameters, accreditation.Decision{By: by, At: now}); err != nil {
		return record, err
	}
	return record, d.settle(ctx, tx, &record, accreditation.Pending)
}

// attestable are the criteria that stand by the office's word: not those that
// the register answers, and not what the request itself declares.
func attestable(a Application, c accreditation.Criterion) bool {
	switch c {
	case accreditation.TaxArrears, accreditation.Sanctions:
		return true
	case accreditation.Pay:
		return a.DeclaredBy == ""
	case accreditation.Signatories:
		return len(a.Signatories) == 0
	}
	return false
}

func hashOf(a Application) (string, error) {
	raw, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("hash accreditation: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}
