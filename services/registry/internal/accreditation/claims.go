package accreditation

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Level is the one that an accreditation in force gives.
const Level = "FAST_TRACK"

// Claims are the EmployerAccreditation credential's, without the subject's id.
// Rule: accreditation.not-in-force (Conflict).
func (a *Accreditation) Claims() (map[string]any, error) {
	if a.state != Accredited {
		return nil, fault.New(fault.Conflict, "accreditation.not-in-force", "the employer is not accredited")
	}
	var met, scope []any
	for _, c := range Criteria() { // none is accredited without all of them
		met = append(met, string(c))
	}
	for _, s := range a.scope {
		scope = append(scope, s)
	}
	return map[string]any{
		"accreditation_id":    a.id,
		"organisation_number": a.organisationNumber,
		"legal_name":          a.legalName,
		"level":               Level,
		"criteria_met":        met,
		"scope":               scope,
		"valid_from":          a.validFrom.Format(time.DateOnly),
		"valid_until":         a.validUntil.Format(time.DateOnly),
	}, nil
}
