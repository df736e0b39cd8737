package desk

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
)

// known is what a case says to the bank.
type known struct {
	caseRef  string
	at       time.Time
	standing account.Standing
	cause    string

	// viewed says that the view is here; what follows comes with it.
	viewed   bool
	bank     tenant.Bank
	rules    tenant.Rules
	customer account.Customer
	person   diligence.Customer
	consent  account.Consent
	delivery string
	lacking  error // names what the view does not say, and nothing opens without
}

var standings = map[onboarding.Standing]account.Standing{
	onboarding.Active: account.Active, onboarding.Halted: account.Halted, onboarding.Revoked: account.Revoked,
}

// know reads a case. Its view may be missing when it was stopped before it was
// fetched.
func (d *Desk) know(c onboarding.Case) (known, error) {
	k := known{caseRef: c.Ref, at: d.Clock.Now(), standing: standings[c.Standing], cause: c.Cause}
	if c.View.DeliveryDID == "" {
		return k, nil
	}
	var err error
	if k.bank, err = d.Banks.ByDID(c.View.AgencyDID); err != nil {
		return k, err
	}
	if k.rules, err = k.bank.At(k.at); err != nil {
		return k, err
	}
	r := c.View.Read()
	k.viewed, k.delivery = true, c.View.DeliveryDID
	k.customer = account.Customer{
		GivenName: r.Text("given_name"), FamilyName: r.Text("family_name"), PermitGranted: c.View.Permit.DecisionID != "",
	}
	k.person = diligence.Customer{
		GivenName: k.customer.GivenName, FamilyName: k.customer.FamilyName, Birthdate: r.Day("birthdate"),
		Nationalities: r.Texts("nationalities"), Residence: r.OptionalText("current_country"),
	}
	k.consent = consentOf(c.View, r)
	k.lacking = r.Err()
	return k, nil
}

func consentOf(v onboarding.View, r *onboarding.Reading) account.Consent {
	return account.Consent{
		PayrollAccount: slices.Contains(v.Shares, onboarding.SharePayroll), Employer: r.OptionalText("employer.organisation_number"),
	}
}

// tell has an account learn what the case says.
func (k known) tell(a *account.Account) ([]account.Notice, error) {
	a.Grant() // the verb is called for granted cases alone
	if k.viewed {
		if err := a.At(k.bank.DID); err != nil {
			return nil, err
		}
		a.Require(!k.rules.TakesDNumber)
	}
	return a.Stand(k.standing, k.cause, k.at), nil
}

func (k known) holder() string {
	return account.HolderName(k.customer.GivenName, k.customer.FamilyName)
}
