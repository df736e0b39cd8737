// Package earlystart is the rule by which the police may let a skilled worker
// begin before UDI has decided: utlendingsforskriften §§ 6-8 and 10-4. Every
// condition has an id, its law, its dates and its texts in a data file, and what
// it looks at here. It grants nothing: an officer asks, and is told which
// conditions are not met.
package earlystart

import (
	"bytes"
	_ "embed" // the conditions are a data file
	"errors"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

//go:embed conditions.yaml
var conditionsYAML []byte

// Facts are what the conditions look at.
type Facts struct {
	// HigherEducationYears are completed years, as the officer read them in the
	// diplomas; RecognisedLevel is that of an EducationRecognition, if there is
	// one. Either counts.
	HigherEducationYears int
	RecognisedLevel      string
	// Complete: UDI lets the police read the case for this purpose, which it
	// does when it is complete, paid and not decided.
	Complete bool
	// PoliceCheckDone, EmployerExcluded, AtEmbassy and SentToUDI are the
	// officer's word.
	PoliceCheckDone  bool
	EmployerExcluded bool
	AtEmbassy        bool
	SentToUDI        bool
	// Employer is the organisation number of the one employer.
	Employer string
	// AtSUA: the office that serves the worker is a service centre.
	AtSUA bool
}

// Condition is one condition.
type Condition struct {
	ID   string
	Law  string
	Text Text
	// Met says whether it is met.
	Met bool
}

// Text is a text in the three languages.
type Text struct {
	NB string `yaml:"nb"`
	NN string `yaml:"nn"`
	EN string `yaml:"en"`
}

// met is what each condition looks at.
var met = map[string]func(f Facts, d dated) bool{
	"HIGHER_EDUCATION": func(f Facts, d dated) bool {
		return max(f.HigherEducationYears, d.levels[f.RecognisedLevel]) >= d.figure
	},
	"APPLICATION_COMPLETE":  func(f Facts, _ dated) bool { return f.Complete },
	"POLICE_CHECK_DONE":     func(f Facts, _ dated) bool { return f.PoliceCheckDone },
	"BOUND_TO_EMPLOYER":     func(f Facts, _ dated) bool { return f.Employer != "" },
	"EMPLOYER_NOT_EXCLUDED": func(f Facts, _ dated) bool { return !f.EmployerExcluded },
	"NOT_AT_SUA":            func(f Facts, _ dated) bool { return !f.AtSUA },
	"NOT_AT_EMBASSY":        func(f Facts, _ dated) bool { return !f.AtEmbassy },
	"NOT_SENT_TO_UDI":       func(f Facts, _ dated) bool { return !f.SentToUDI },
}

// Rule is the conditions over time.
type Rule struct{ all []dated }

type dated struct {
	from      time.Time
	figure    int
	levels    map[string]int
	condition Condition
}

// Load reads the conditions that are built in.
func Load() (Rule, error) { return Read(conditionsYAML) }

// Read reads conditions.yaml. It refuses a condition that looks at nothing, and
// a file that leaves one out.
func Read(raw []byte) (Rule, error) {
	var file struct {
		Conditions []struct {
			ID        string `yaml:"id"`
			Law       string `yaml:"law"`
			ValidFrom string `yaml:"valid_from"`
			Figure    int    `yaml:"figure"`
			Text      Text   `yaml:"text"`

			Levels map[string]int `yaml:"levels"`
		} `yaml:"conditions"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Rule{}, fmt.Errorf("read conditions of early start: %w", err)
	}
	var rule Rule
	named := map[string]bool{}
	for _, c := range file.Conditions {
		from, err := time.Parse(time.DateOnly, c.ValidFrom)
		if err != nil || met[c.ID] == nil || c.Law == "" || c.Text.NB == "" || c.Text.NN == "" || c.Text.EN == "" {
			return Rule{}, fmt.Errorf("read conditions of early start: %q needs a known id, a law, a date and three texts", c.ID)
		}
		if c.ID == "HIGHER_EDUCATION" && c.Figure < 1 {
			return Rule{}, errors.New("read conditions of early start: HIGHER_EDUCATION needs its figure of years")
		}
		named[c.ID] = true
		rule.all = append(rule.all, dated{from, c.Figure, c.Levels, Condition{ID: c.ID, Law: c.Law, Text: c.Text}})
	}
	if len(named) != len(met) {
		return Rule{}, errors.New("read conditions of early start: a condition is left out")
	}
	return rule, nil
}

// Evaluate gives every condition as it counts on a day, in the file's order.
func (r Rule) Evaluate(f Facts, day time.Time) []Condition {
	var results []Condition
	at := map[string]int{}
	for _, one := range r.all {
		if one.from.After(day) {
			continue
		}
		result := one.condition
		result.Met = met[result.ID](f, one)
		if i, again := at[result.ID]; again {
			results[i] = result
			continue
		}
		at[result.ID] = len(results)
		results = append(results, result)
	}
	return results
}

// Check is nil when every condition is met, otherwise a Conflict that names
// those that are not, by id. Rule: earlystart.not-met. When no condition counts
// on the day there is no law to confirm by: earlystart.no-rule.
func Check(results []Condition) error {
	if len(results) == 0 {
		return fault.New(fault.Conflict, "earlystart.no-rule", "no rule of early start counts on this day")
	}
	var unmet []fault.Violation
	for _, c := range results {
		if !c.Met {
			unmet = append(unmet, fault.Violation{Field: c.ID, Rule: "earlystart.condition", Message: "is not met: " + c.Text.EN + " (" + c.Law + ")"})
		}
	}
	if len(unmet) == 0 {
		return nil
	}
	return &fault.Error{Kind: fault.Conflict, Rule: "earlystart.not-met", Message: "not every condition of early start is met", Violations: unmet}
}
