package holding

import (
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Wishes are what a holder chooses when a wallet is opened.
type Wishes struct {
	// Locale is the language of messages: nb, nn or en.
	Locale string
	// Format is that in which credentials are asked for, where an issuer has
	// several.
	Format credential.Format
}

// Check fills in what was not chosen and refuses what there is not.
func (w Wishes) Check() (Wishes, error) {
	var v []fault.Violation
	switch w.Locale {
	case "":
		w.Locale = "en"
	case "nb", "nn", "en":
	default:
		v = append(v, fault.Violation{Field: "locale", Rule: "wallet.locale", Message: "use nb, nn or en"})
	}
	switch w.Format {
	case "":
		w.Format = credential.DataIntegrity
	case credential.DataIntegrity, credential.SDJWT:
	default:
		v = append(v, fault.Violation{Field: "credential_format", Rule: "wallet.format", Message: "use ldp_vc or dc+sd-jwt"})
	}
	return w, fault.Violated("wallet.wishes", "the wallet cannot be opened like this", v)
}
