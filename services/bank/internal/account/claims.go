package account

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// bankIDs is how a confirmation says where the BankID is.
var bankIDs = map[bankid.State]string{
	bankid.NotOffered: "NOT_OFFERED", bankid.NeedsFNR: "PENDING_FNR", bankid.Ordered: "ORDERED", bankid.IdentityConfirmed: "ORDERED",
	bankid.Issued: "ISSUED", bankid.Revoked: "REVOKED",
}

// Claims are the BankAccountConfirmation credential's, without the subject's id,
// as the bank's rules have them.
//
// Rules: account.not-open (Conflict), identifier.bic-format (Invalid).
func (a *Account) Claims(b tenant.Bank, c tenant.Confirmation, order bankid.State) (map[string]any, error) {
	if s := a.State(); s != Opened && s != Frozen {
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
		"bic":                 b.BIC,
		"opened_at":           a.openedAt.Format(time.DateOnly),
		"purpose":             "SALARY",
		"kyc_level":           string(a.level),
		"bank":                map[string]any{"organisation_number": b.OrganisationNumber, "name": b.Name},
	}
	if c.BBAN {
		claims["bban"] = a.bban
	}
	if status, known := bankIDs[order]; known && c.BankID {
		claims["bankid_status"] = status
	}
	return claims, nil
}

// Confirm records that the worker was given a confirmation, by a name for its
// claims. It says whether these are others than those of the last one.
func (a *Account) Confirm(claims string) (changed bool) {
	changed = a.confirmed != claims
	a.confirmed = claims
	return changed
}
