package ruleset

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/interpreter"
)

// Texts say what the rule asks, in the languages that språklova § 14 demands and
// in English.
type Texts struct {
	NB string `yaml:"nb" json:"nb"`
	NN string `yaml:"nn" json:"nn"`
	EN string `yaml:"en" json:"en"`
}

// law is where a rule stands: utlendingsforskriften, § 6-1, first, a.
type law struct {
	Law       string `yaml:"law"`
	Section   string `yaml:"section"`
	Paragraph string `yaml:"paragraph"`
	Letter    string `yaml:"letter"`
}

func (l law) String() string {
	parts := []string{l.Law}
	if l.Section != "" {
		parts = append(parts, l.Section)
	}
	if l.Paragraph != "" {
		parts = append(parts, l.Paragraph+" paragraph")
	}
	if l.Letter != "" {
		parts = append(parts, "("+l.Letter+")")
	}
	return strings.Join(parts, " ")
}

// forGrant marks a rule that only an automatic grant needs.
const forGrant = "grant"

// ruleYAML is a version of a rule as its file has it.
type ruleYAML struct {
	ID         string    `yaml:"id"`
	Version    int       `yaml:"version"`
	Law        []law     `yaml:"law"`
	ValidFrom  time.Time `yaml:"valid_from"`
	ValidUntil time.Time `yaml:"valid_until"` // the last day
	Texts      Texts     `yaml:"texts"`
	// For is "grant" for a rule that only an automatic grant needs.
	For string `yaml:"for"`
	// OfficerWhen, when it holds, says that the rule takes judgement. Otherwise
	// the rule is passed when When holds, and is what Otherwise says if not.
	OfficerWhen string                 `yaml:"officer_when"`
	When        string                 `yaml:"when"`
	Otherwise   Result                 `yaml:"otherwise"`
	Parameters  map[string][]datedYAML `yaml:"parameters"`
	Examples    []exampleYAML          `yaml:"examples"`
}

// rule is a version of a rule, compiled.
type rule struct {
	id                    string
	version               int
	legalReference        string
	validFrom, validUntil time.Time
	texts                 Texts
	onlyForGrant          bool
	officerWhen, when     cel.Program // officerWhen may be nil
	otherwise             Result
	parameters            map[string]parameter // by the name in expressions
	examples              []exampleYAML
}

var parameterName = regexp.MustCompile(`^[a-z][a-z_]*$`)

// compileRule refuses a rule that lacks anything, or guards nothing.
func compileRule(e *cel.Env, y ruleYAML) (*rule, error) {
	if y.ID == "" || y.Version < 1 || y.ValidFrom.IsZero() || len(y.Law) == 0 || y.Law[0].Law == "" || y.When == "" {
		return nil, fmt.Errorf("it lacks its id, version, law, date or condition")
	}
	if y.Texts.NB == "" || y.Texts.NN == "" || y.Texts.EN == "" {
		return nil, fmt.Errorf("it lacks a text")
	}
	if !y.ValidUntil.IsZero() && y.ValidUntil.Before(y.ValidFrom) {
		return nil, fmt.Errorf("it ends before it begins")
	}
	if y.Otherwise != Failed && y.Otherwise != Officer {
		return nil, fmt.Errorf("otherwise is %q, not failed or officer: no rule refuses", y.Otherwise)
	}
	if y.For != "" && y.For != forGrant {
		return nil, fmt.Errorf("for is %q, not %s", y.For, forGrant)
	}
	if len(y.Examples) == 0 {
		return nil, fmt.Errorf("it has no example")
	}
	r := &rule{
		id: y.ID, version: y.Version, validFrom: y.ValidFrom, validUntil: y.ValidUntil, texts: y.Texts,
		onlyForGrant: y.For == forGrant, otherwise: y.Otherwise, examples: y.Examples, parameters: map[string]parameter{},
	}
	references := make([]string, len(y.Law))
	for i, l := range y.Law {
		references[i] = l.String()
	}
	r.legalReference = strings.Join(references, "; ")
	var options []cel.EnvOption
	for name, values := range y.Parameters {
		if !parameterName.MatchString(name) {
			return nil, fmt.Errorf("parameter %q: a name is of small letters and _", name)
		}
		p, err := parameterOf(values, y.ValidFrom)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
		r.parameters["param."+name] = p
		options = append(options, cel.Variable("param."+name, p.typ))
		if !strings.Contains(y.When+y.OfficerWhen, "param."+name) {
			return nil, fmt.Errorf("parameter %s is not used", name)
		}
	}
	e, err := e.Extend(options...)
	if err != nil {
		return nil, err
	}
	if r.when, err = compile(e, y.When); err != nil {
		return nil, fmt.Errorf("when: %w", err)
	}
	if y.OfficerWhen == "" {
		return r, nil
	}
	if r.officerWhen, err = compile(e, y.OfficerWhen); err != nil {
		return nil, fmt.Errorf("officer_when: %w", err)
	}
	return r, nil
}

// inForce reports whether the rule holds on a date.
func (r *rule) inForce(on time.Time) bool {
	return !r.validFrom.After(on) && (r.validUntil.IsZero() || !r.validUntil.Before(on))
}

// find holds the rule against facts. What cannot be evaluated (a parameter that
// has no value on that day, a table without that entry) takes an officer: what
// cannot be checked is not passed.
func (r *rule) find(facts interpreter.Activation, on time.Time) Result {
	inForce := make(map[string]any, len(r.parameters))
	for name, p := range r.parameters {
		if value := p.on(on); value != nil {
			inForce[name] = value
		}
	}
	own, err := interpreter.NewActivation(inForce)
	if err != nil {
		return Officer
	}
	activation := interpreter.NewHierarchicalActivation(facts, own)
	if r.officerWhen != nil {
		if officer, ok := holds(r.officerWhen, activation); officer || !ok {
			return Officer
		}
	}
	switch met, ok := holds(r.when, activation); {
	case !ok:
		return Officer
	case met:
		return Passed
	}
	return r.otherwise
}

// holds evaluates; ok is false when there is no answer.
func holds(p cel.Program, activation interpreter.Activation) (met, ok bool) {
	value, _, err := p.Eval(activation)
	if err != nil {
		return false, false
	}
	met, ok = value.Value().(bool)
	return met, ok
}
