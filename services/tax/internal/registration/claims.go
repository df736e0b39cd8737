package registration

import (
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Person is what the tax administration knows of the worker from its view of the case.
type Person struct{ GivenName, FamilyName, Birthdate string }

// Claims are the TaxRegistration credential's, without the subject's id.
// Rule: registration.not-assigned (Conflict).
func (r *Registration) Claims(p Person) (map[string]any, error) {
	if r.number == "" {
		return nil, fault.New(fault.Conflict, "registration.not-assigned", "no number is assigned")
	}
	claims := map[string]any{
		"identifier":         r.number,
		"identifier_type":    string(r.kind),
		"assigned_at":        instant(r.assignedAt),
		"given_name":         p.GivenName,
		"family_name":        p.FamilyName,
		"birthdate":          p.Birthdate,
		"date_part_deviates": r.deviates,
		"id_control": map[string]any{
			"performed_by": r.identified.PerformedBy,
			"performed_at": instant(r.identified.PerformedAt),
			"level":        "IN_PERSON",
		},
	}
	if r.kind == identifier.BirthNumber {
		claims["resident_from"] = r.permit.ValidFrom.Format(time.DateOnly)
	}
	return claims, nil
}

// Work is the part of the offer that a tax card rests on.
type Work struct {
	StartDate    time.Time
	AnnualSalary int64 // NOK
	// OrganisationNumber is the employer's.
	OrganisationNumber string
}

// CardClaims are the TaxCard credential's, without the subject's id, for the
// income year in which the work starts: tax at source under the year's limit,
// else ordinary tax by table. Names are those of the register that employers ask
// (skattekort til arbeidsgiver).
// Rule: registration.no-card (Conflict).
func (r *Registration) CardClaims(w Work, p Parameters) (map[string]any, error) {
	if r.state != CardIssued {
		return nil, fault.New(fault.Conflict, "registration.no-card", "no tax card is issued")
	}
	claims := map[string]any{
		"income_year":                  strconv.Itoa(w.StartDate.Year()),
		"identifier":                   r.number,
		"result":                       "skattekortopplysningerOK",
		"issued_date":                  r.cardAt.Format(time.DateOnly),
		"card_id":                      r.cardID,
		"employer_organisation_number": w.OrganisationNumber,
	}
	deduction := map[string]any{"code": "loennFraHovedarbeidsgiver"}
	if year := p.in(w.StartDate.Year()); w.AnnualSalary < year.PAYELimit {
		deduction["type"], deduction["percent"] = "PERCENT", year.PAYEPercent
		claims["additional_information"] = []any{"kildeskattPaaLoenn"}
	} else {
		deduction["type"], deduction["table"], deduction["percent"], deduction["months"] = "TABLE", p.table.Table, p.table.Percent, p.table.Months
	}
	claims["deductions"] = []any{deduction}
	return claims, nil
}

func instant(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
