package verifier

import (
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// What the simulation drives of this service: the rules, and a case with its fee,
// decisions and timeline, without the network and the store around them.
type (
	// SimulatedCase is an application.
	SimulatedCase = casefile.Case
	// SimulatedOpening is what a case is opened from.
	SimulatedOpening = casefile.Opening
	// SimulatedFigures are the dated figures: fees, periods.
	SimulatedFigures = casefile.Parameters
	// SimulatedDecision is a decision of an officer or of the rules.
	SimulatedDecision = casefile.Decision
	// SimulatedPayment is what the payment provider says.
	SimulatedPayment = casefile.Payment
	// SimulatedStep is a milestone with its time.
	SimulatedStep = casefile.Step
	// SimulatedRules is a version of the rules.
	SimulatedRules = ruleset.RuleSet
	// SimulatedFacts are all that the rules see.
	SimulatedFacts = ruleset.Facts
	// SimulatedEvaluation is what the rules said.
	SimulatedEvaluation = ruleset.Evaluation
	// SimulatedApplication is what was presented.
	SimulatedApplication = ruleset.Application
	// SimulatedAccreditation is what the trust list says of the employer.
	SimulatedAccreditation = ruleset.Accreditation
	// SimulatedMode says what an evaluation may come to.
	SimulatedMode = ruleset.Mode
	// SimulatedSignatory is what the registry says of who signed.
	SimulatedSignatory = ruleset.Signatory
	// SimulatedMilestone names a step.
	SimulatedMilestone = casefile.Milestone
)

// What a simulated case comes to.
const (
	SimulatedGranted  = casefile.Granted
	SimulatedRefused  = casefile.Refused
	SimulatedProposal = ruleset.ProposeGrant
	SimulatedGrant    = ruleset.Grant
	SimulatedByRules  = casefile.RuleSetOfficer

	SimulatedProposeOnly = ruleset.ProposeOnly
	SimulatedAutomatic   = ruleset.Automatic
)

// What a simulation begins with.
var (
	SimulatedRulesNow     = ruleset.Current
	SimulatedRulesOf      = ruleset.Load
	SimulatedFactsOf      = ruleset.FactsOf
	SimulatedFiguresNow   = casefile.LoadParameters
	SimulatedOpenCase     = casefile.Open
	SimulatedIdentified   = casefile.IdentityVerified
	SimulatedCardIssued   = casefile.ResidenceCardIssued
	SimulatedNumber       = casefile.IdentifierAssigned
	SimulatedAccount      = casefile.AccountOpened
	SimulatedBooked       = casefile.AppointmentBooked
	SimulatedHumanClass   = casefile.Human
	SimulatedMachineClass = casefile.Machine
)
