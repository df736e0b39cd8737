package ruleset

import (
	"bytes"
	_ "embed" // the rules are data files
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

//go:embed rules.yaml
var rulesYAML []byte

//go:embed visafree.yaml
var visaFreeYAML []byte

// RuleSet is a version of the rules with their dated parameters. It never changes.
type RuleSet struct {
	version  string
	rules    map[string][]Rule // by id, as listed
	order    []string
	visaFree map[string]string // alpha-2 to condition, "" for none
}

// Rule is one version of one rule.
type Rule struct {
	ID             string     `yaml:"id"`
	Version        int        `yaml:"version"`
	LegalReference string     `yaml:"legal_reference"`
	ValidFrom      time.Time  `yaml:"valid_from"`
	Texts          Texts      `yaml:"texts"`
	Parameters     Parameters `yaml:"parameters"`
}

// Texts say what the rule asks, in the languages that språklova § 14 demands and
// in English.
type Texts struct {
	NB string `yaml:"nb" json:"nb"`
	NN string `yaml:"nn" json:"nn"`
	EN string `yaml:"en" json:"en"`
}

// Parameters are the figures of the rules; each rule reads its own.
type Parameters struct {
	PassingLevels     []string `yaml:"passing_levels"`
	OfficerLevels     []string `yaml:"officer_levels"`
	MinimumAge        int      `yaml:"minimum_age"`
	MinimumPercentage int64    `yaml:"minimum_percentage"`
	FullPercentage    int64    `yaml:"full_percentage"`
	Floors            []Floor  `yaml:"floors"`
}

// Floor is the least pay from a date on, NOK a year. A level without a figure is 0.
type Floor struct {
	ValidFrom time.Time `yaml:"valid_from"`
	Bachelor  int64     `yaml:"bachelor"`
	Master    int64     `yaml:"master"`
}

// Current reads the rule set that new cases are held against.
func Current() (*RuleSet, error) { return parseRules(rulesYAML, visaFreeYAML) }

// Load reads the rule set of a version, as an Evaluation names it. Rule:
// ruleset.unknown (NotFound).
func Load(version string) (*RuleSet, error) {
	s, err := Current()
	if err == nil && s.version != version {
		return nil, fault.New(fault.NotFound, "ruleset.unknown", "there is no rule set of this version")
	}
	return s, err
}

// Version names the rule set and its list of nationalities.
func (s *RuleSet) Version() string { return s.version }

// Texts say what a rule asks; nothing for a rule that the set does not have.
func (s *RuleSet) Texts(id string) (Texts, bool) {
	versions := s.rules[id]
	if len(versions) == 0 {
		return Texts{}, false
	}
	return versions[len(versions)-1].Texts, true
}

// inForce is the rule's version in force on a date.
func (s *RuleSet) inForce(id string, on time.Time) (Rule, bool) {
	var found Rule
	for _, rule := range s.rules[id] {
		if !rule.ValidFrom.After(on) && !rule.ValidFrom.Before(found.ValidFrom) {
			found = rule
		}
	}
	return found, found.ID != ""
}

func parseRules(rules, visaFree []byte) (*RuleSet, error) {
	var file struct {
		Version string `yaml:"version"`
		Rules   []Rule `yaml:"rules"`
	}
	if err := strictYAML(rules, &file); err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	var list struct {
		Version       string `yaml:"version"`
		Nationalities []struct {
			Alpha3    string `yaml:"alpha3"`
			Condition string `yaml:"condition"`
		} `yaml:"nationalities"`
	}
	if err := strictYAML(visaFree, &list); err != nil {
		return nil, fmt.Errorf("read visa-free nationalities: %w", err)
	}
	s := &RuleSet{version: file.Version + "+visafree." + list.Version, rules: map[string][]Rule{}, visaFree: map[string]string{}}
	for _, rule := range file.Rules {
		if _, ok := checks[rule.ID]; !ok {
			return nil, fmt.Errorf("read rules: %q has no check", rule.ID)
		}
		if rule.Version < 1 || rule.ValidFrom.IsZero() || rule.LegalReference == "" || rule.Texts.NB == "" || rule.Texts.NN == "" || rule.Texts.EN == "" {
			return nil, fmt.Errorf("read rules: %q lacks its version, date, legal reference or a text", rule.ID)
		}
		if len(s.rules[rule.ID]) == 0 {
			s.order = append(s.order, rule.ID)
		}
		s.rules[rule.ID] = append(s.rules[rule.ID], rule)
	}
	if len(s.rules) != len(checks) {
		return nil, fmt.Errorf("read rules: %d of %d checks have a rule", len(s.rules), len(checks))
	}
	for _, entry := range list.Nationalities {
		alpha2, ok := identifier.Alpha2(entry.Alpha3)
		if !ok {
			return nil, fmt.Errorf("read visa-free nationalities: %q is no country", entry.Alpha3)
		}
		s.visaFree[alpha2] = entry.Condition
	}
	return s, nil
}

func strictYAML(raw []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}
