package programme

import (
	"bytes"
	_ "embed" // targets are a data file
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Target is how soon a step follows another, from a date on.
type Target struct {
	// Step is waited for once After was taken.
	Step  casefile.Milestone `yaml:"step"`
	After casefile.Milestone `yaml:"after"`
	// Agency is whose step it is.
	Agency string `yaml:"agency"`
	// Waits is what a case waits for meanwhile.
	Waits casefile.TimeClass `yaml:"waits"`
	// Within is the target, by the clock: weekends count.
	Within time.Duration `yaml:"within"`
	// Work is how much of the time before a step that people take is their work.
	Work time.Duration `yaml:"work"`
	// ValidFrom is the first day; the latest that has begun counts.
	ValidFrom time.Time `yaml:"valid_from"`
	Source    string    `yaml:"source"`
}

// Targets are the dated targets. They never change.
type Targets struct {
	// Limit: numbers from fewer cases are not published.
	Limit int
	all   []Target
}

//go:embed targets.yaml
var targetsYAML []byte

// LoadTargets reads the targets that are built in.
func LoadTargets() (Targets, error) { return ParseTargets(targetsYAML) }

// Agencies are those that have steps with targets.
var Agencies = []string{"verifier", "police", "tax", "bank"}

// ParseTargets reads targets.yaml.
func ParseTargets(raw []byte) (Targets, error) {
	var file struct {
		SmallNumbers struct {
			Limit  int    `yaml:"limit"`
			Source string `yaml:"source"`
		} `yaml:"small_numbers"`
		Targets []Target `yaml:"targets"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Targets{}, fmt.Errorf("read targets: %w", err)
	}
	if file.SmallNumbers.Limit < 2 || file.SmallNumbers.Source == "" || len(file.Targets) == 0 {
		return Targets{}, fmt.Errorf("read targets: there are none, or the limit of small numbers is missing or under 2")
	}
	for i, t := range file.Targets {
		if t.Step == "" || t.After == "" || t.Step == t.After || !slices.Contains(Agencies, t.Agency) || !slices.Contains(Classes, t.Waits) ||
			t.Within <= 0 || t.Work < 0 || t.ValidFrom.IsZero() || t.Source == "" {
			return Targets{}, fmt.Errorf("read targets: number %d (%s) lacks something", i+1, t.Step)
		}
		for _, other := range file.Targets[:i] {
			if other.Step == t.Step && other.Agency != t.Agency {
				return Targets{}, fmt.Errorf("read targets: %s is two agencies' step", t.Step)
			}
		}
	}
	return Targets{Limit: file.SmallNumbers.Limit, all: file.Targets}, nil
}

// on are the targets in force at a time, in the file's order.
func (t Targets) on(at time.Time) []Target {
	var all []Target
	for _, one := range t.all {
		if one.ValidFrom.After(at) {
			continue
		}
		same := slices.IndexFunc(all, func(o Target) bool { return o.Step == one.Step && o.After == one.After })
		switch {
		case same < 0:
			all = append(all, one)
		case !one.ValidFrom.Before(all[same].ValidFrom):
			all[same] = one
		}
	}
	return all
}

// Within is how soon a step follows another, by the target in force; 0 when there is
// none.
func (t Targets) Within(step, after casefile.Milestone, at time.Time) time.Duration {
	for _, one := range t.on(at) {
		if one.Step == step && one.After == after {
			return one.Within
		}
	}
	return 0
}

// Waiting is a step that a case waits for.
type Waiting struct {
	Target
	// Since is when what the target counts from was taken, or when the case went
	// on after a halt.
	Since time.Time
}

// waiting are the steps that a case with these steps, in order, waits for: each
// by the target whose beginning was taken last.
func (t Targets) waiting(steps []casefile.Step) []Waiting {
	last := map[casefile.Milestone]int{}
	for i, s := range steps {
		last[s.Step] = i + 1
	}
	var all []Waiting
	for _, target := range t.on(steps[len(steps)-1].At) {
		begun := last[target.After]
		if begun == 0 || last[target.Step] > begun {
			continue
		}
		since := steps[begun-1].At
		if resumed := last[casefile.CaseResumed]; resumed > begun {
			since = steps[resumed-1].At
		}
		w := Waiting{Target: target, Since: since}
		same := slices.IndexFunc(all, func(o Waiting) bool { return o.Step == target.Step })
		switch {
		case same < 0:
			all = append(all, w)
		case last[all[same].After] < begun:
			all[same] = w
		}
	}
	return all
}

// waits is what a case with these steps waits for: the first that it waits for
// in the order of the journey, and a queue when nothing is known.
func (t Targets) waits(steps []casefile.Step) casefile.TimeClass {
	if all := t.waiting(steps); len(all) > 0 {
		return all[0].Waits
	}
	return casefile.Queue
}

// of is the target that a step answers after these steps, and since when the
// case had waited for it.
func (t Targets) of(before []casefile.Step, step casefile.Step) (w Waiting, ok bool) {
	if len(before) == 0 {
		return Waiting{}, false
	}
	begun := 0
	resumed := 0
	for i, s := range before {
		if s.Step == casefile.CaseResumed {
			resumed = i + 1
		}
	}
	for _, target := range t.on(step.At) {
		if target.Step != step.Step {
			continue
		}
		for i, s := range before {
			if s.Step == target.After && i+1 > begun {
				begun = i + 1
				w = Waiting{Target: target, Since: before[max(begun, resumed)-1].At}
			}
		}
	}
	return w, begun > 0
}

// work is how long people work on a step that comes after these. A step that has
// no target counts whole: nobody knows better.
func (t Targets) work(before []casefile.Step, step casefile.Step) time.Duration {
	if w, ok := t.of(before, step); ok {
		return w.Work
	}
	return step.At.Sub(before[0].At)
}
