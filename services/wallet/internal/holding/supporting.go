package holding

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// supporting are the types that answer a condition of a permit, beside the offer
// (utlendingsforskriften § 6-1 on skills, § 10-3 on conduct).
var supporting = []string{"EducationRecognition", "PoliceCertificate", "LanguageTestResult"}

// Supporting lists the types that may be shown with an offer.
func Supporting() []string { return slices.Clone(supporting) }

// MostSupporting is how many credentials an application shows beside the offer.
const MostSupporting = 8

// CheckShown refuses an application that would show what is not asked for, or
// credentials that are bound to different keys: one key signs a presentation,
// and it is the offer's.
func CheckShown(offer Credential, besides []Credential) error {
	if offer.Type != credtype.OfferOfEmployment {
		return fault.New(fault.Conflict, "application.not-an-offer", "an application shows an offer of employment")
	}
	if len(besides) > MostSupporting {
		return fault.New(fault.Invalid, "application.supporting-count", "show at most 8 credentials beside the offer")
	}
	seen := map[string]bool{}
	for _, c := range besides {
		switch {
		case seen[c.ID]:
			return fault.New(fault.Invalid, "application.supporting-once", "show each credential once")
		case !slices.Contains(supporting, c.Type):
			return fault.New(fault.Conflict, "application.supporting-type", "show a recognised education, a police certificate or a language test beside the offer")
		case c.Subject != offer.Subject:
			return fault.New(fault.Conflict, "application.another-key", "a supporting credential is bound to another key than the offer: have it issued to the key of the offer")
		}
		seen[c.ID] = true
	}
	return nil
}
