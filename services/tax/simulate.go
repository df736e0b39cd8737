package tax

import "github.com/kompetansespor/kompetansespor/services/tax/internal/registration"

// What the simulation drives of this service: a registration from the permit to
// the tax card, without the network and the store around it.
type (
	// SimulatedRegistration is one case's.
	SimulatedRegistration = registration.Registration
	// SimulatedPermit is the period that the permit gives.
	SimulatedPermit = registration.Permit
	// SimulatedControl is who verified the identity.
	SimulatedControl = registration.IdentityControl
	// SimulatedAnswer is the population register's.
	SimulatedAnswer = registration.Answer
	// SimulatedQueue is what its clerks must look at.
	SimulatedQueue = registration.Queue
	// SimulatedNumber is a number of the worker's.
	SimulatedNumber = registration.Number
	// SimulatedFigures are the dated figures.
	SimulatedFigures = registration.Parameters
	// SimulatedWork is what a tax card rests on.
	SimulatedWork = registration.Work
	// SimulatedState is where a registration stands, SimulatedStanding what became
	// of its case at UDI.
	SimulatedState    = registration.State
	SimulatedStanding = registration.Standing
)

// What a simulated registration begins with, and what the register says.
var (
	SimulateRegistration = registration.Begin
	SimulatedFiguresNow  = registration.LoadParameters
)

// Where a registration waits, and for whom: Ready and Requested for the machine,
// Queued for the register's clerks, who take the minutes that the figures give and
// have until their deadline.
const (
	SimulatedWaiting    = registration.Waiting
	SimulatedReady      = registration.Ready
	SimulatedRequested  = registration.Requested
	SimulatedQueued     = registration.Queued
	SimulatedAssigned   = registration.Assigned
	SimulatedCardIssued = registration.CardIssued

	SimulatedActive  = registration.Active
	SimulatedHalted  = registration.Halted
	SimulatedRevoked = registration.Revoked
)

// What the population register says.
const (
	SimulatedNew       = registration.New
	SimulatedDuplicate = registration.PossibleDuplicate
)
