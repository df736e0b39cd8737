package bank

import (
	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
)

// What the simulation drives of this service: due diligence and the account,
// without the network and the store around them.
type (
	// SimulatedAccount is one case's.
	SimulatedAccount = account.Account
	// SimulatedCustomer is whom the bank takes.
	SimulatedCustomer = account.Customer
	// SimulatedOpening is what an account is opened from.
	SimulatedOpening = account.Opening
	// SimulatedWord is what a clerk says and why.
	SimulatedWord = account.Word
	// SimulatedPerson is whom the due diligence is about.
	SimulatedPerson = diligence.Customer
	// SimulatedRules are the dated rules of due diligence.
	SimulatedRules = diligence.Parameters
	// SimulatedList is a list that customers are compared with.
	SimulatedList = sanctions.List
)

// What a simulated account begins with.
var (
	SimulateAccount   = account.New
	SimulatedIdentity = account.Identity
	SimulatedRulesNow = diligence.LoadParameters
	ReadSimulatedList = sanctions.Parse
)

// What a clerk says who takes a customer.
const (
	SimulatedMeasuresDone = account.CodeMeasuresDone
	SimulatedNotListed    = account.CodeNotListed
)
