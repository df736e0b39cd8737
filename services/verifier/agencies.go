package verifier

import (
	"fmt"
	"slices"
)

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

// need is what an agency of a kind reads, and for what.
type need struct {
	purpose      string
	claims       []string
	shares       []string
	earlyPurpose string
	earlyClaims  []string
}

var needs = map[string]need{
	"police": {
		purpose: "identity-control",
		claims: []string{
			"given_name", "family_name", "birthdate", "sex", "nationalities",
			"passport.document_number", "passport.issuing_country", "passport.date_of_expiry",
			"employment.workplace_municipality", "residence_municipality",
		},
		earlyPurpose: "early-start",
		earlyClaims: []string{
			"given_name", "family_name", "birthdate", "nationalities", "employer.organisation_number",
			"employment.workplace_municipality", "employment.start_date", "employment.required_education_level", "norwegian_level",
		},
	},
	"tax": {
		purpose: "identifier-assignment",
		claims: []string{
			"given_name", "family_name", "birthdate", "sex", "nationalities", "current_country", "duf_number",
			"passport.document_number", "passport.issuing_country", "passport.date_of_expiry",
			"employer.organisation_number", "employment.annual_salary", "employment.start_date", "employment.end_date",
		},
	},
	"bank": {
		purpose: "account-opening",
		claims: []string{
			"given_name", "family_name", "birthdate", "nationalities", "current_country",
			"employer.organisation_number", "employer.legal_name", "employment.start_date",
		},
		shares: []string{"payroll_account"},
	},
}

// defaults fills in what is not configured for an agency of a kind that is known
// here.
func (a *Agency) defaults() {
	if a.Kind == "" {
		a.Kind = a.Name
	}
	need, known := needs[a.Kind]
	if !known {
		return
	}
	if a.Purpose == "" {
		a.Purpose = need.purpose
	}
	if len(a.Claims) == 0 {
		a.Claims = slices.Clone(need.claims)
	}
	if len(a.Shares) == 0 {
		a.Shares = slices.Clone(need.shares)
	}
	if a.EarlyPurpose == "" {
		a.EarlyPurpose, a.EarlyClaims = need.earlyPurpose, slices.Clone(need.earlyClaims)
	}
}

// checkAgencies says what is wrong with the agencies. Those that call with one
// certificate are of one kind and read for the same.
func checkAgencies(all []Agency, wrong func(field, message string)) {
	byName, byDID, byCaller := map[string]bool{}, map[string]bool{}, map[string]Agency{}
	for i := range all {
		a := &all[i]
		a.defaults()
		field := fmt.Sprintf("agencies[%d]", i)
		if a.Name == "" || a.Caller == "" || a.DID == "" || a.Purpose == "" || len(a.Claims) == 0 {
			wrong(field, "needs name, caller, did, purpose and claims")
		}
		if byName[a.Name] || byDID[a.DID] {
			wrong(field, "has the name or did of another agency")
		}
		if other, shared := byCaller[a.Caller]; shared && (other.Kind != a.Kind || other.Purpose != a.Purpose) {
			wrong(field, "has the caller of an agency of another kind or purpose")
		}
		if (a.EarlyPurpose == "") != (len(a.EarlyClaims) == 0) || a.EarlyPurpose != "" && a.EarlyPurpose == a.Purpose {
			wrong(field, "needs early_purpose and early_claims both, the purpose another than the one after a grant")
		}
		byName[a.Name], byDID[a.DID], byCaller[a.Caller] = true, true, *a
	}
}
