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
	AppointmentBooked   Milestone = "APPOINTMENT_BOOKED"
	AppointmentAttended Milestone = "APPOINTMENT_ATTENDED"
	IdentityVerified    Milestone = "IDENTITY_VERIFIED"
	ResidenceCardIssued Milestone = "RESIDENCE_CARD_ISSUED"
	IdentifierAssigned  Milestone = "IDENTIFIER_ASSIGNED"
	TaxCardIssued       Milestone = "TAX_CARD_ISSUED"
	AccountOpened       Milestone = "ACCOUNT_OPENED"
)

// Milestones that a case sets itself.
const (
	ApplicationReceived Milestone = "APPLICATION_RECEIVED"
	OfferWithdrawn      Milestone = "OFFER_WITHDRAWN"
	DecisionMade        Milestone = "DECISION_MADE"
	CaseCompleted       Milestone = "CASE_COMPLETED"
)

// completing are the milestones that a completed case has.
var completing = []Milestone{IdentityVerified, ResidenceCardIssued, IdentifierAssigned, AccountOpened}

func (m Milestone) fromAgency() bool {
	switch m {
	case AppointmentBooked, AppointmentAttended, IdentityVerified, ResidenceCardIssued, IdentifierAssigned, TaxCardIssued, AccountOpened:
		return true
	}
	return false
}

// Step is one entry of a case's timeline. It carries no personal data.
type Step struct {
	Step      Milestone `json:"step"`
	Service   string    `json:"service"`
	At        time.Time `json:"at"`
	TimeClass TimeClass `json:"time_class"`
}
