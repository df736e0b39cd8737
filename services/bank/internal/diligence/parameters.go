package diligence

import (
	"bytes"
	_ "embed" // the figures are a data file
	"errors"
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
)

//go:embed parameters.yaml
var parametersYAML []byte

// Parameters are the dated rules and figures of due diligence, shared by all
// banks.
type Parameters struct {
	// Version names the set; it is kept with each assessment.
	Version string

	rules    []rule
	found    []meaning
	lists    map[string][]countries
	matching []matching
}

// Dated is from when until when something holds. Until is the first day on
// which it does not; zero is for ever.
type dated struct {
	From   day    `yaml:"valid_from"`
	Until  day    `yaml:"valid_until"`
	Source string `yaml:"source"`
}

func (d dated) in(at time.Time) bool {
	return !at.Before(d.From.Time) && (d.Until.IsZero() || at.Before(d.Until.Time))
}

type day struct{ time.Time }

func (d *day) UnmarshalYAML(node *yaml.Node) (err error) {
	d.Time, err = time.Parse(time.DateOnly, node.Value)
	return err
}

// Text is what a finding means, in the languages of the clerk's desk.
type Text struct {
	NB string `yaml:"nb"`
	NN string `yaml:"nn"`
	EN string `yaml:"en"`
}

// meaning says what a finding is.
type meaning struct {
	ID   string `yaml:"id"`
	Law  string `yaml:"law"`
	Text Text   `yaml:"text"`
}

func (m meaning) whole() bool {
	return m.ID != "" && m.Law != "" && m.Text.NB != "" && m.Text.NN != "" && m.Text.EN != ""
}

type rule struct {
	dated    `yaml:",inline"`
	meaning  `yaml:",inline"`
	Field    string `yaml:"field"`
	List     string `yaml:"list"`
	Is       string `yaml:"is"`
	Below    int    `yaml:"below"`
	Optional bool   `yaml:"optional"`
}

type countries struct {
	dated `yaml:",inline"`
	Codes []string `yaml:"countries"`
}

type matching struct {
	dated `yaml:",inline"`
	Edits []struct {
		From    int `yaml:"from_length"`
		Letters int `yaml:"letters"`
	} `yaml:"edits"`
	Years int `yaml:"years"`
}

// LoadParameters reads the rules that are built in.
func LoadParameters() (Parameters, error) { return ParseParameters(parametersYAML) }

// ParseParameters reads a set of rules in the form of parameters.yaml, and
// refuses one with a rule that cannot be carried out.
func ParseParameters(raw []byte) (Parameters, error) {
	var file struct {
		Version  string                 `yaml:"version"`
		Rules    []rule                 `yaml:"rules"`
		Found    []meaning              `yaml:"found"`
		Lists    map[string][]countries `yaml:"lists"`
		Matching []matching             `yaml:"matching"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return Parameters{}, fmt.Errorf("read due diligence parameters: %w", err)
	}
	p := Parameters{Version: file.Version, rules: file.Rules, found: file.Found, lists: file.Lists, matching: file.Matching}
	if p.Version == "" || len(p.matching) == 0 {
		return Parameters{}, errors.New("read due diligence parameters: version or matching is missing")
	}
	for _, r := range p.rules {
		if err := p.check(r); err != nil {
			return Parameters{}, err
		}
	}
	for _, id := range []string{ruleHit, rulePossible, rulePEP, DuplicateCustomer} {
		if _, text := p.Explain(id); text.EN == "" {
			return Parameters{}, fmt.Errorf("read due diligence parameters: nothing says what %s means", id)
		}
	}
	for name, all := range p.lists {
		for _, l := range all {
			if l.From.IsZero() || l.Source == "" || len(l.Codes) == 0 {
				return Parameters{}, fmt.Errorf("read due diligence parameters: list %s needs valid_from, source and countries", name)
			}
		}
	}
	for _, m := range p.matching {
		if m.From.IsZero() || m.Source == "" || len(m.Edits) == 0 {
			return Parameters{}, errors.New("read due diligence parameters: matching needs valid_from, source and edits")
		}
	}
	return p, nil
}

func (p Parameters) check(r rule) error {
	if !r.whole() || r.From.IsZero() || r.Source == "" {
		return fmt.Errorf("read due diligence parameters: rule %q needs id, law, text in nb, nn and en, valid_from and source", r.ID)
	}
	var fits bool
	switch r.Field {
	case "nationality", "residence":
		fits = len(p.lists[r.List]) > 0
	case "age":
		fits = r.Below > 0
	case "identifier":
		fits = r.Is != ""
	case "name":
		fits = true
	}
	if !fits {
		return fmt.Errorf("read due diligence parameters: rule %s cannot be carried out", r.ID)
	}
	return nil
}

// Explain gives the law behind a finding's rule and what it means; empty for
// one that is not known any more.
func (p Parameters) Explain(id string) (law string, text Text) {
	for _, r := range p.rules {
		if r.ID == id {
			return r.Law, r.Text
		}
	}
	for _, m := range p.found {
		if m.ID == id && m.whole() {
			return m.Law, m.Text
		}
	}
	return "", Text{}
}

// Optional says whether an id is of a rule that a bank may switch on.
func (p Parameters) Optional(id string) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.Optional && r.ID == id })
}

func (p Parameters) onList(name, country string, at time.Time) bool {
	return slices.ContainsFunc(p.lists[name], func(l countries) bool { return l.in(at) && slices.Contains(l.Codes, country) })
}

func (p Parameters) nearness(at time.Time) (sanctions.Nearness, bool) {
	for _, m := range p.matching {
		if m.in(at) {
			near := sanctions.Nearness{Years: m.Years}
			for _, e := range m.Edits {
				near.Edits = append(near.Edits, sanctions.Edits{FromLength: e.From, Letters: e.Letters})
			}
			return near, true
		}
	}
	return sanctions.Nearness{}, false
}
