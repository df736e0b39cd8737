package casefile

import "time"

// TimeClass says what a step's time was spent on. The clock is the product.
type TimeClass string

const (
	Machine   TimeClass = "machine"
	Human     TimeClass = "human"
	Queue     TimeClass = "queue"
	Candidate TimeClass = "candidate"
	Physical  TimeClass = "physical"
)

func (c TimeClass) known() bool {
	switch c {
	case Machine, Human, Queue, Candidate, Physical:
		return true
	}
	return false
}

// Milestone is a step's name.
type Milestone string

// Milestones that agencies report, in any order.
const (
	AppointmentBooked      Milestone = "APPOINTMENT_BOOKED"
	AppointmentRebooked    Milestone = "APPOINTMENT_REBOOKED"
	AppointmentMissed      Milestone = "APPOINTMENT_MISSED"
	AppointmentCancelled   Milestone = "APPOINTMENT_CANCELLED"
	AppointmentAttended    Milestone = "APPOINTMENT_ATTENDED"
	IdentityVerified       Milestone = "IDENTITY_VERIFIED"
	IdentityCorrected      Milestone = "IDENTITY_CORRECTED"
	BiometricsCaptured     Milestone = "BIOMETRICS_CAPTURED"
	ResidenceCardOrdered   Milestone = "RESIDENCE_CARD_ORDERED"
	ResidenceCardIssued    Milestone = "RESIDENCE_CARD_ISSUED"
	ResidenceCardProduced  Milestone = "RESIDENCE_CARD_PRODUCED"
	ResidenceCardDelivered Milestone = "RESIDENCE_CARD_DELIVERED"
	ResidenceCardRevoked   Milestone = "RESIDENCE_CARD_REVOKED"
	EarlyStartConfirmed    Milestone = "EARLY_START_CONFIRMED"
	IdentifierRequested    Milestone = "IDENTIFIER_REQUESTED"
	IdentifierQueued       Milestone = "IDENTIFIER_QUEUED"
	IdentifierAssigned     Milestone = "IDENTIFIER_ASSIGNED"
	IdentifierReplaced     Milestone = "IDENTIFIER_REPLACED"
	TaxCardIssued          Milestone = "TAX_CARD_ISSUED"
	TaxCardRevoked         Milestone = "TAX_CARD_REVOKED"
	DueDiligenceQueued     Milestone = "DUE_DILIGENCE_QUEUED"
	AccountOpened          Milestone = "ACCOUNT_OPENED"
	AccountFrozen          Milestone = "ACCOUNT_FROZEN"
	AccountReleased        Milestone = "ACCOUNT_RELEASED"
	AccountClosed          Milestone = "ACCOUNT_CLOSED"
	PayrollAccountShared   Milestone = "PAYROLL_ACCOUNT_SHARED"
	BankIDOrdered          Milestone = "BANKID_ORDERED"
	BankIDIssued           Milestone = "BANKID_ISSUED"
	OnboardingStopped      Milestone = "ONBOARDING_STOPPED"
)

// Milestones that a case sets itself.
const (
	ApplicationReceived  Milestone = "APPLICATION_RECEIVED"
	FeePaid              Milestone = "FEE_PAID"
	OfferWithdrawn       Milestone = "OFFER_WITHDRAWN"
	OfferSuperseded      Milestone = "OFFER_SUPERSEDED"
	NewOfferPresented    Milestone = "NEW_OFFER_PRESENTED"
	EmployerStands       Milestone = "EMPLOYER_REINSTATED"
	EmployerStopped      Milestone = "EMPLOYER_STOPPED"
	DecisionMade         Milestone = "DECISION_MADE"
	DecisionAppealed     Milestone = "DECISION_APPEALED"
	CaseHalted           Milestone = "CASE_HALTED"
	CaseResumed          Milestone = "CASE_RESUMED"
	PermitRevoked        Milestone = "PERMIT_REVOKED"
	CaseCorrected        Milestone = "CASE_CORRECTED"
	ApplicationWithdrawn Milestone = "APPLICATION_WITHDRAWN"
	CaseCompleted        Milestone = "CASE_COMPLETED"
)

// completing are the milestones that a completed case has.
var completing = []Milestone{IdentityVerified, ResidenceCardIssued, IdentifierAssigned, AccountOpened}

// reach says how a milestone that an agency reports may come.
type reach struct {
	once       bool // a case reaches it once: another report changes nothing
	beforehand bool // it may be reached by a case that is not granted: it gives the worker nothing of a grant
}

// reported are the milestones of the agencies.
var reported = map[Milestone]reach{
	AppointmentBooked:      {},
	AppointmentRebooked:    {},
	AppointmentMissed:      {},
	AppointmentCancelled:   {},
	AppointmentAttended:    {once: true},
	IdentityVerified:       {once: true},
	IdentityCorrected:      {},
	BiometricsCaptured:     {once: true},
	ResidenceCardOrdered:   {},
	ResidenceCardIssued:    {},
	ResidenceCardProduced:  {},
	ResidenceCardDelivered: {},
	ResidenceCardRevoked:   {},
	EarlyStartConfirmed:    {once: true, beforehand: true},
	IdentifierRequested:    {},
	IdentifierQueued:       {},
	IdentifierAssigned:     {once: true},
	IdentifierReplaced:     {},
	TaxCardIssued:          {},
	TaxCardRevoked:         {},
	DueDiligenceQueued:     {},
	AccountOpened:          {once: true},
	AccountFrozen:          {},
	AccountReleased:        {},
	AccountClosed:          {},
	PayrollAccountShared:   {},
	BankIDOrdered:          {},
	BankIDIssued:           {},
	OnboardingStopped:      {beforehand: true},
}

// Step is one entry of a case's timeline. It carries no personal data.
type Step struct {
	Step      Milestone `json:"step"`
	Service   string    `json:"service"`
	At        time.Time `json:"at"`
	TimeClass TimeClass `json:"time_class"`
	// Cause is a code such as OFFER_WITHDRAWN or SALARY_TOO_LOW; empty for most
	// steps.
	Cause string `json:"cause,omitempty"`
}

// same reports whether two steps tell of the same thing: what an agency repeats
// is no second happening.
func (s Step) same(o Step) bool {
	return s.Step == o.Step && s.Service == o.Service && s.Cause == o.Cause && s.At.Equal(o.At)
}
