package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Person is what the police know of the worker from their view of the case.
type Person struct {
	GivenName, FamilyName, Birthdate string
	Nationalities                    []string
}

// Permit is the part of the permit that a card repeats. ValidUntil is a date.
type Permit struct {
	Type       string
	DecisionID string
	ValidUntil time.Time
}

// TimeZone is what the credential names; Diary's location is the same.
const TimeZone = "Europe/Oslo"

// Purposes are what the one visit is for.
func Purposes() []string { return []string{"ID_CONTROL", "BIOMETRICS", "RESIDENCE_CARD", "TAX"} }

// Claims are the Appointment credential's, without the subject's id. Times carry
// the offset of the slot's location.
func (a *Appointment) Claims(p Person) map[string]any {
	var purposes []any
	for _, purpose := range Purposes() {
		purposes = append(purposes, purpose)
	}
	claims := map[string]any{
		"appointment_id":     a.id,
		"office_id":          a.office.ID,
		"office_name":        a.office.Name,
		"purpose":            purposes,
		"start":              a.slot.Start.Format(time.RFC3339),
		"end":                a.slot.End.Format(time.RFC3339),
		"time_zone":          TimeZone,
		"documents_to_bring": []any{"PASSPORT"},
		"given_name":         p.GivenName,
		"family_name":        p.FamilyName,
	}
	if a.office.Address != "" {
		claims["address"] = a.office.Address
	}
	return claims
}

// CardClaims are the ResidenceCard credential's, without the subject's id.
// Rule: appointment.no-card (Conflict).
func (a *Appointment) CardClaims(p Person, permit Permit) (map[string]any, error) {
	if a.state != CardIssued {
		return nil, fault.New(fault.Conflict, "appointment.no-card", "no card is issued")
	}
	nationalities := make([]any, len(p.Nationalities))
	for i, n := range p.Nationalities {
		nationalities[i] = n
	}
	return map[string]any{
		"card_number":        a.cardNumber,
		"document_type":      "RESIDENCE_PERMIT_CARD",
		"given_name":         p.GivenName,
		"family_name":        p.FamilyName,
		"birthdate":          p.Birthdate,
		"nationalities":      nationalities,
		"permit_type":        permit.Type,
		"permit_decision_id": permit.DecisionID,
		"date_of_issuance":   a.cardAt.In(a.slot.Start.Location()).Format(time.DateOnly),
		"date_of_expiry":     permit.ValidUntil.Format(time.DateOnly),
		"issuing_authority":  "Politiet",
		"issuing_country":    "NO",
		"remarks":            []any{"WORK_ALLOWED"},
	}, nil
}
