package harness

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
)

// View is a view of a case with every claim that any agency reads; a year's
// permit from two weeks after Start.
func View(caseRef string) onboarding.View {
	from := time.Date(2026, 12, 7, 0, 0, 0, 0, time.UTC)
	view := onboarding.View{
		CaseRef: caseRef, DeliveryDID: deliveryDID,
		Permit: onboarding.Permit{DecisionID: "dec_1", ValidFrom: from, ValidUntil: from.AddDate(1, 0, 0)},
	}
	for path, value := range map[string]any{
		"given_name": "Lisa", "family_name": "Johnson", "birthdate": "1990-01-01", "sex": float64(2), "nationalities": []any{"US"},
		"employer.organisation_number": "310000019", "employment.start_date": "2026-12-07",
		"employment.annual_salary": map[string]any{"amount": float64(634700), "currency": "NOK", "period": "YEAR"},
	} {
		view.Claims = append(view.Claims, onboarding.Claim{
			Path: path, Value: value, CredentialID: "urn:uuid:1", CredentialType: "OfferOfEmployment",
			Issuer: "did:web:issuer.kompetansespor.example:employers:310000019",
		})
	}
	return view
}

// deliveryDID is a did:key: nothing is delivered in a test of one service.
const deliveryDID = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
