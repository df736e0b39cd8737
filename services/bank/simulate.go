package bank

import (
	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/bankid"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/tenant"
)

// What a simulation on a virtual clock drives: the bank's own rules and state
// machines, the ones that the service runs, without a database and a network.
// All of it is pure; every time comes from the caller.
type (
	// DueDiligence are the dated rules; its Assess finds what a clerk must look at.
	DueDiligence = diligence.Parameters
	// DueDiligenceCustomer is whom it is about, Assessment what it found.
	DueDiligenceCustomer = diligence.Customer
	Assessment           = diligence.Assessment
	// SanctionsList is what customers are compared with.
	SanctionsList = sanctions.List

	// Account is one case's: Grant, Identify, At, Require, Learn, Assess,
	// Approve, Decline, Open, Stand, Release and Close.
	Account         = account.Account
	AccountState    = account.State
	AccountStanding = account.Standing
	AccountOpening  = account.Opening
	AccountNotice   = account.Notice
	// ClerkWord is what a clerk says of a case and why.
	ClerkWord = account.Word

	// TenantRules are a bank's own, from a day on.
	TenantRules = tenant.Rules

	// BankIDOrder goes on by BankIDFacts.
	BankIDOrder = bankid.Order
	BankIDFacts = bankid.Facts
	BankIDState = bankid.State
)

// The states that a simulation waits in or for.
const (
	AccountWaiting       = account.Waiting
	AccountWaitingForFNR = account.WaitingForFNR
	AccountReady         = account.Ready
	AccountQueued        = account.Queued
	AccountDeclined      = account.Declined
	AccountStopped       = account.Stopped
	AccountOpened        = account.Opened
	AccountFrozen        = account.Frozen
	AccountClosed        = account.Closed

	StandingActive  = account.Active
	StandingHalted  = account.Halted
	StandingRevoked = account.Revoked

	ApproveMeasuresDone = account.CodeMeasuresDone
	ApproveNotListed    = account.CodeNotListed
)

// NewAccount starts a case's account.
func NewAccount(caseRef string) (*Account, error) { return account.New(caseRef) }

// LoadDueDiligence reads the rules that are built in.
func LoadDueDiligence() (DueDiligence, error) { return diligence.LoadParameters() }

// ParseSanctionsList reads a list, refusing one with anything wrong in it.
func ParseSanctionsList(raw []byte) (*SanctionsList, error) { return sanctions.Parse(raw) }

// DevelopmentSanctionsList is the invented list of development.
func DevelopmentSanctionsList() (*SanctionsList, error) { return sanctions.Parse(developmentList) }

// DefaultTenantRules are the rules of a bank that says none.
func DefaultTenantRules() []TenantRules { return tenant.Default() }
