package registration

import (
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Person is what the tax administration knows of the worker from its view of the case.
type Person struct{ GivenName, FamilyName, Birthdate string }

// Claims are the TaxRegistration credential's, without the subject's id. Once a
// number has been replaced the one before it is named too, so that who knows the
// worker by the old one can follow.
// Rule: registration.not-assigned (Conflict).
func (r *Registration) Claims(p Person) (map[string]any, error) {
	current, numbered := r.Current()
	if !numbered {
		return nil, fault.New(fault.Conflict, "registration.not-assigned", "no number is assigned")
	}
	claims := map[string]any{
		"identifier":         current.Number,
		"identifier_type":    string(current.Kind),
		"assigned_at":        instant(current.AssignedAt),
		"given_name":         p.GivenName,
		"family_name":        p.FamilyName,
		"birthdate":          p.Birthdate,
		"date_part_deviates": current.DateDeviates || !identifier.DatePartIs(current.Number, p.Birthdate),
		"id_control": map[string]any{
			"performed_by": r.identified.PerformedBy,
			"performed_at": instant(r.identified.PerformedAt),
			"level":        "IN_PERSON",
		},
	}
	if former := r.Former(); len(former) > 0 {
		claims["previous_identifier"] = former[len(former)-1].Number
	}
	if current.Kind == identifier.BirthNumber {
		claims["resident_from"] = r.permit.ValidFrom.Format(time.DateOnly)
	}
	return claims, nil
}

// CardClaims are the TaxCard credential's, without the subject's id. Names are
// those of the register that employers ask (skattekort til arbeidsgiver).
// Rule: registration.no-card (Conflict).
func (r *Registration) CardClaims(organisationNumber string) (map[string]any, error) {
	if r.State() != CardIssued {
		return nil, fault.New(fault.Conflict, "registration.no-card", "no tax card is issued")
	}
	d := r.card.Deduction
	deduction := map[string]any{"code": "loennFraHovedarbeidsgiver", "type": "PERCENT", "percent": d.Percent}
	if d.Table != "" {
		deduction["type"], deduction["table"], deduction["months"] = "TABLE", d.Table, d.Months
	}
	claims := map[string]any{
		"income_year":                  strconv.Itoa(r.card.Year),
		"identifier":                   r.card.Number,
		"result":                       "skattekortopplysningerOK",
		"issued_date":                  r.card.IssuedAt.Format(time.DateOnly),
		"card_id":                      r.card.ID,
		"employer_organisation_number": organisationNumber,
		"deductions":                   []any{deduction},
	}
	if d.Source {
		claims["additional_information"] = []any{"kildeskattPaaLoenn"}
	}
	return claims, nil
}

func instant(t time.Time) string { return t.UTC().Truncate(time.Second).Format(time.RFC3339) }
