package simulation

import (
	"fmt"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

const (
	bankDID  = "did:web:bank.example"
	bankCode = "9999"
)

// listOf is a list of one person.
func listOf(name, born string) (*bank.SanctionsList, error) {
	return bank.ParseSanctionsList([]byte("#version,simulation\n#issued,2020-01-01T00:00:00Z\n#next_update,2099-01-01T00:00:00Z\n" +
		"id,kind,names,births,source\nX-1,SANCTION,\"" + strings.ReplaceAll(name, `"`, "") + "\"," + born + ",simulation\n"))
}

// assess is the due diligence, and whether a clerk must look. alike: somebody of
// the worker's name, born a year apart, is on the list.
func (a *agencies) assess(c *life, alike bool, at time.Time) (queued bool, err error) {
	if c.account, err = bank.NewAccount(c.ref()); err != nil {
		return false, err
	}
	if err := c.account.At(bankDID); err != nil {
		return false, err
	}
	c.account.Grant()
	c.account.Identify()
	kind := c.registration.Kind()
	c.account.Learn(kind)
	born, err := time.Parse(time.DateOnly, c.facts.Birthdate)
	if err != nil {
		return false, err
	}
	list := a.list
	if alike {
		if list, err = listOf(c.facts.GivenName+" "+c.facts.FamilyName, fmt.Sprint(born.Year()+1)); err != nil {
			return false, err
		}
	}
	found, err := a.bankRules.Assess(bank.DueDiligenceCustomer{
		GivenName: c.facts.GivenName, FamilyName: c.facts.FamilyName, Birthdate: born, Nationalities: c.facts.Nationalities,
		Residence: c.facts.CurrentCountry, Kind: kind,
	}, list, at, nil)
	if err != nil {
		return false, err
	}
	c.account.Assess(found, c.ref(), at)
	return !found.ByMachine(), nil
}

// approve is a clerk's word that the bank takes the customer.
func (a *agencies) approve(c *life, at time.Time) error {
	word := bank.ClerkWord{Code: bank.ApproveNotListed, Reason: "another person", By: "clerk", At: at}
	err := c.account.Approve(word)
	if err != nil {
		word.Code, word.Reason = bank.ApproveMeasuresDone, "measures carried out"
		err = c.account.Approve(word)
	}
	return err
}

// open gives the account the next number.
func (a *agencies) open(c *life, at time.Time) error {
	for {
		bban, ok := identifier.NewBBAN(bankCode, a.serial)
		if a.serial++; !ok {
			continue
		}
		if a.accounts[bban] {
			return fmt.Errorf("the account number was given out before")
		}
		a.accounts[bban] = true
		_, err := c.account.Open(bank.AccountOpening{Holder: c.facts.GivenName + " " + c.facts.FamilyName, BBAN: bban, At: at})
		return err
	}
}
