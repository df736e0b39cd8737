package card

import "time"

// Holder is whom the card shows.
type Holder struct {
	GivenName, FamilyName, Birthdate string
	Nationalities                    []string
}

// Permit is the part of the permit that a card repeats. ValidUntil is a date.
type Permit struct {
	Type       string
	DecisionID string
	ValidUntil time.Time
}

// Claims are the ResidenceCard credential's, without the subject's id.
func (c *Card) Claims(h Holder, permit Permit, zone *time.Location) map[string]any {
	nationalities := make([]any, len(h.Nationalities))
	for i, n := range h.Nationalities {
		nationalities[i] = n
	}
	return map[string]any{
		"card_number":        c.Number,
		"document_type":      "RESIDENCE_PERMIT_CARD",
		"given_name":         h.GivenName,
		"family_name":        h.FamilyName,
		"birthdate":          h.Birthdate,
		"nationalities":      nationalities,
		"permit_type":        permit.Type,
		"permit_decision_id": permit.DecisionID,
		"date_of_issuance":   c.IssuedAt.In(zone).Format(time.DateOnly),
		"date_of_expiry":     permit.ValidUntil.Format(time.DateOnly),
		"issuing_authority":  "Politiet",
		"issuing_country":    "NO",
		"remarks":            []any{"WORK_ALLOWED"},
	}
}
