package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// ConfirmationValidFor is how long a confirmation holds.
const ConfirmationValidFor = 30 * 24 * time.Hour

// Bank is who keeps the account.
type Bank struct{ OrganisationNumber, Name, BIC string }

// Claims are the BankAccountConfirmation credential's, without the subject's id.
// Who has a D-number waits for a fødselsnummer before BankID.
// Rules: account.not-open (Conflict), identifier.bic-format (Invalid).
func (a *Account) Claims(b Bank) (map[string]any, error) {
	if a.state != Opened {
		return nil, fault.New(fault.Conflict, "account.not-open", "the account is not open")
	}
	if err := identifier.CheckBIC(b.BIC); err != nil {
		return nil, err
	}
	iban, err := identifier.IBAN(a.bban)
	if err != nil {
		return nil, err
	}
	claims := map[string]any{
		"account_holder_name": a.holder,
		"iban":                iban,
		"bban":                a.bban,
		"bic":                 b.BIC,
		"opened_at":           a.openedAt.Format(time.DateOnly),
		"purpose":             "SALARY",
		"kyc_level":           "STANDARD",
		"bank":                map[string]any{"organisation_number": b.OrganisationNumber, "name": b.Name},
	}
	if a.kind == identifier.DNumber {
		claims["bankid_status"] = "PENDING_FNR"
	}
	return claims, nil
}
