package bank

import (
	"fmt"
	"time"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Config is the banks' configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Bank is the bank whose DID is the service's own. Optional when there are
	// Banks.
	Bank Bank `yaml:"bank"`

	// Banks are further banks, each with the DID
	// did:web:<host of public_url>:banks:<organisation_number>.
	Banks []Bank `yaml:"banks"`

	// Sanctions is the list that customers are compared with.
	Sanctions Sanctions `yaml:"sanctions"`
}

// Bank is a bank as its customers know it.
type Bank struct {
	// OrganisationNumber is the nine digits of Enhetsregisteret. Required.
	OrganisationNumber string `yaml:"organisation_number"`
	// Name is the bank's name. Required.
	Name string `yaml:"name"`
	// BIC is its bank identifier code (ISO 9362). Required.
	BIC string `yaml:"bic"`
	// Code is the four digits that its account numbers begin with, in quotes.
	// Required.
	Code string `yaml:"code"`
	// Rules are the bank's own, by the day from which they hold, rising.
	// Default: it takes D-numbers, offers BankID on the police's identity
	// control, switches no further rule of due diligence on, and confirms for 30
	// days with account number and BankID.
	Rules []Rules `yaml:"rules"`
}

// Rules are a bank's own, from a day on.
type Rules struct {
	// ValidFrom is the first day, such as 2026-01-01. Required.
	ValidFrom string `yaml:"valid_from"`
	// Source says where the bank has the rules from. Required.
	Source string `yaml:"source"`
	// Identifier is FNR (a customer with a D-number waits for a fødselsnummer)
	// or FNR_OR_D_NUMBER. Required.
	Identifier string `yaml:"identifier"`
	// BankID is NOT_OFFERED, POLICE (the police's identity control counts, with
	// the bank's own due diligence) or CLERK (a clerk confirms having seen the
	// customer). Required.
	BankID string `yaml:"bankid"`
	// Enhanced switches optional rules of due diligence on, by id: d-number,
	// nationality-high-risk.
	Enhanced []string `yaml:"enhanced"`
	// ConfirmationDays is how long a confirmation holds, 1 to 365. Required.
	ConfirmationDays int `yaml:"confirmation_days"`
	// ConfirmBBAN and ConfirmBankID say whether a confirmation tells the account
	// number in its Norwegian form, and where the BankID is.
	ConfirmBBAN   bool `yaml:"confirm_bban"`
	ConfirmBankID bool `yaml:"confirm_bankid"`
}

// Sanctions says where the list is.
type Sanctions struct {
	// List is the path of the list: CSV as services/bank/internal/sanctions
	// describes it. It is read again when it changes; one that is missing, not
	// whole or past its next update opens no account. Required, except in
	// development: then a small invented list is built in.
	List string `yaml:"list"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{
		Peers: []string{"verifier", "tax"}, Events: true,
		Methods: []string{bankv1.PayrollService_GetPayrollAccount_FullMethodName},
	})
	when := func(broken bool, field, message string) {
		if broken {
			all = append(all, fault.Violation{Field: field, Rule: "config." + field, Message: message})
		}
	}
	when(c.Sanctions.List == "" && !c.Development, "sanctions.list", "is missing: name the file of the sanctions list")
	when(c.Bank.named() && c.DID == "", "did", "is missing: the bank issues with its DID")
	when(!c.Bank.named() && len(c.Banks) == 0, "banks", "are missing: name at least one bank")
	parameters, err := diligence.LoadParameters()
	if err != nil {
		when(true, "bank", "the parameters of due diligence cannot be read")
		return all
	}
	check := func(field string, b Bank) {
		bank, wrong := b.tenant("")
		for _, v := range append(wrong, bank.Check(mode(c.Development), parameters.Optional)...) {
			when(true, field+"."+v.Field, v.Message)
		}
	}
	if c.Bank.named() {
		check("bank", c.Bank)
	}
	for i, b := range c.Banks {
		check(fmt.Sprintf("banks[%d]", i), b)
	}
	for _, v := range c.tenants("host").Check() {
		when(true, v.Field, v.Message)
	}
	return all
}

func (b Bank) named() bool {
	return b.OrganisationNumber != "" || b.Name != "" || b.BIC != "" || b.Code != ""
}

// tenants are the banks of the service. host is that of its public URL.
func (c *Config) tenants(host string) tenant.Banks {
	var all tenant.Banks
	if c.Bank.named() {
		bank, _ := c.Bank.tenant(c.DID)
		all = append(all, bank)
	}
	for _, b := range c.Banks {
		bank, _ := b.tenant("did:web:" + host + ":banks:" + b.OrganisationNumber)
		all = append(all, bank)
	}
	return all
}

// tenant is the bank as the domain has it.
func (b Bank) tenant(did string) (tenant.Bank, []fault.Violation) {
	out := tenant.Bank{DID: did, OrganisationNumber: b.OrganisationNumber, Name: b.Name, BIC: b.BIC, Code: b.Code}
	if len(b.Rules) == 0 {
		out.Rules = tenant.Default()
	}
	var wrong []fault.Violation
	when := func(broken bool, field, message string) {
		if broken {
			wrong = append(wrong, fault.Violation{Field: field, Message: message})
		}
	}
	for _, r := range b.Rules {
		from, err := time.Parse(time.DateOnly, r.ValidFrom)
		when(err != nil, "rules.valid_from", "must be a day, such as 2026-01-01")
		when(r.Identifier != "FNR" && r.Identifier != "FNR_OR_D_NUMBER", "rules.identifier", "must be FNR or FNR_OR_D_NUMBER")
		when(r.BankID != "NOT_OFFERED" && r.BankID != "POLICE" && r.BankID != "CLERK", "rules.bankid", "must be NOT_OFFERED, POLICE or CLERK")
		out.Rules = append(out.Rules, tenant.Rules{
			ValidFrom: from, Source: r.Source, TakesDNumber: r.Identifier == "FNR_OR_D_NUMBER",
			OffersBankID: r.BankID != "NOT_OFFERED", PoliceIdentify: r.BankID == "POLICE", Enhanced: r.Enhanced,
			Confirmation: tenant.Confirmation{Days: r.ConfirmationDays, BBAN: r.ConfirmBBAN, BankID: r.ConfirmBankID},
		})
	}
	return out, wrong
}

func mode(development bool) identifier.Mode {
	if development {
		return identifier.Synthetic
	}
	return identifier.Production
}
