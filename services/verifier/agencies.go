package verifier

import "slices"

// DefaultAgencies are police, tax and bank with the least that each needs:
// claims that an offer does not have are left out of the view.
func DefaultAgencies() []Agency {
	all := make([]Agency, 0, len(needs))
	for _, name := range []string{"police", "tax", "bank"} {
		a := Agency{
			Name:   name,
			Caller: name + ".internal.kompetansespor.example",
			DID:    "did:web:" + name + ".kompetansespor.example",
		}
		a.defaults()
		all = append(all, a)
	}
	return all
}

// needs are what each of the three agencies reads, and for what.
var needs = map[string]struct {
	purpose string
	claims  []string
}{
	"police": {"identity-control", []string{
		"given_name", "family_name", "birthdate", "sex", "nationalities",
		"passport.document_number", "passport.issuing_country", "passport.date_of_expiry",
	}},
	"tax": {"identifier-assignment", []string{
		"given_name", "family_name", "birthdate", "sex", "nationalities", "current_country",
		"employer.organisation_number", "employment.annual_salary", "employment.start_date", "employment.end_date",
	}},
	"bank": {"account-opening", []string{
		"given_name", "family_name", "birthdate", "nationalities",
		"employer.organisation_number", "employer.legal_name", "employment.start_date",
	}},
}

// defaults fills in what is not configured for an agency that is known here.
func (a *Agency) defaults() {
	need, known := needs[a.Name]
	if !known {
		return
	}
	if a.Purpose == "" {
		a.Purpose = need.purpose
	}
	if len(a.Claims) == 0 {
		a.Claims = slices.Clone(need.claims)
	}
}
