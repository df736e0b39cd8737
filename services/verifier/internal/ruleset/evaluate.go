package ruleset

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Result is what a rule found.
type Result string

const (
	// Passed: the rule holds.
	Passed Result = "passed"
	// Failed: it does not, and an officer will look at the case.
	Failed Result = "failed"
	// Officer: it takes judgement, or something that no credential says.
	Officer Result = "officer"
)

// Outcome is what the rules together say. There is none that refuses.
type Outcome string

const (
	// ProposeGrant: every rule passed and nothing was flagged.
	ProposeGrant Outcome = "PROPOSE_GRANT"
	// Grant: evaluated with Automatic, and credentials answered also what takes
	// judgement.
	Grant Outcome = "GRANT"
	// ToOfficer: everything else.
	ToOfficer Outcome = "TO_OFFICER"
)

// Mode says what an evaluation may come to at most.
type Mode string

const (
	// ProposeOnly: an officer decides. The zero value.
	ProposeOnly Mode = ""
	// Automatic: the rules may grant (utlendingsforskriften § 17-7 a).
	Automatic Mode = "automatic"
)

// RuleResult is one rule's finding.
type RuleResult struct {
	ID             string `json:"id"`
	Version        int    `json:"version"`
	LegalReference string `json:"legal_reference"`
	Result         Result `json:"result"`
}

// Evaluation is stored with the case: from the facts and the rule set's version
// it can be made again, and InputsHash shows that it was.
type Evaluation struct {
	RuleSet    string       `json:"rule_set"`
	InputsHash string       `json:"inputs_hash"`
	Results    []RuleResult `json:"results"`
	// Flags are for the officer's eyes ("name.look-alike"): no rule matches them,
	// but a flagged case is never proposed.
	Flags []string `json:"flags,omitempty"`
	// Warnings change no outcome ("passport.before-end").
	Warnings []string `json:"warnings,omitempty"`
	Outcome  Outcome  `json:"outcome"`
}

// Evaluate holds every rule in force on the facts' date against the facts. It is
// deterministic. A rule that is not in force yet goes to an officer: what cannot
// be checked is not passed. Facts that FactsOf did not make may be refused as
// Invalid (case.facts).
func (s *RuleSet) Evaluate(f Facts, mode Mode) (Evaluation, error) {
	d, err := f.Dates()
	if err != nil {
		return Evaluation{}, err
	}
	hash, err := f.Hash(s.version)
	if err != nil {
		return Evaluation{}, err
	}
	e := Evaluation{RuleSet: s.version, InputsHash: hash, Outcome: ProposeGrant, Flags: flagsOf(f), Warnings: warningsOf(d)}
	if len(e.Flags) > 0 {
		e.Outcome = ToOfficer
	}
	for _, id := range s.order {
		result := RuleResult{ID: id, Result: Officer}
		if rule, ok := s.inForce(id, d.On); ok {
			result.Version, result.LegalReference = rule.Version, rule.LegalReference
			result.Result = checks[id](s, rule.Parameters, f, d)
		}
		if result.Result != Passed {
			e.Outcome = ToOfficer
		}
		e.Results = append(e.Results, result)
	}
	return e, nil
}

// Dates are a Facts' dates as midnights UTC. End is zero for a permanent position.
type Dates struct{ On, Birth, Start, End, PassportExpiry time.Time }

// Dates reads the dates. Rule: case.facts (Invalid), also for an end that is not
// after the start.
func (f Facts) Dates() (Dates, error) {
	var d Dates
	for _, field := range []struct {
		name, text string
		into       *time.Time
	}{
		{"evaluated_on", f.EvaluatedOn, &d.On},
		{"birthdate", f.Birthdate, &d.Birth},
		{"employment.start_date", f.StartDate, &d.Start},
		{"passport.date_of_expiry", f.PassportExpiry, &d.PassportExpiry},
		{"employment.end_date", f.EndDate, &d.End},
	} {
		if field.text == "" && field.into == &d.End {
			continue
		}
		date, err := time.Parse(isoDate, field.text)
		if err != nil {
			return Dates{}, fault.New(fault.Invalid, "case.facts", "%s is no date", field.name)
		}
		*field.into = date
	}
	if !d.End.IsZero() && !d.End.After(d.Start) {
		return Dates{}, fault.New(fault.Invalid, "case.facts", "employment.end_date is not after the start date")
	}
	return d, nil
}

func warningsOf(d Dates) []string {
	if !d.End.IsZero() && d.PassportExpiry.Before(d.End) {
		return []string{"passport.before-end"}
	}
	return nil
}

// String is for logs: no facts, only rule ids.
func (e Evaluation) String() string {
	failed := []string{}
	for _, r := range e.Results {
		if r.Result != Passed {
			failed = append(failed, r.ID)
		}
	}
	return fmt.Sprintf("%s by rules %s, not passed: %v, flags: %v", e.Outcome, e.RuleSet, failed, e.Flags)
}
