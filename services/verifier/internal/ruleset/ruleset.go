package ruleset

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Every version that a case was ever held against stays here, so that its
// evaluation can be made again. A version never changes once cases have it.
//
//go:embed rulesets/*.yaml visafree/*.yaml
var files embed.FS

// currentFile is the version for new cases.
const currentFile = "rulesets/2026-11-26.yaml"

// RuleSet is a version of the rules with their dated parameters, compiled once. It
// never changes and is safe for concurrent use.
type RuleSet struct {
	version  string
	order    []string           // ids as listed
	rules    map[string][]*rule // by id, as listed
	flags    []string
	visaFree visaFree
	baseline map[string]any
}

// embedded are the versions that are built in, by version.
var embedded = sync.OnceValues(func() (map[string]*RuleSet, error) {
	names, err := fs.Glob(files, "rulesets/*.yaml")
	if err != nil {
		return nil, err
	}
	sets := map[string]*RuleSet{}
	for _, name := range names {
		raw, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		set, err := Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if sets[set.version] != nil {
			return nil, fmt.Errorf("%s: there are two rule sets %s", name, set.version)
		}
		sets[set.version] = set
		if name == currentFile {
			sets[""] = set
		}
	}
	return sets, nil
})

// Current is the rule set that new cases are held against.
func Current() (*RuleSet, error) { return Load("") }

// Load is the rule set of a version, as an Evaluation names it. Rule:
// ruleset.unknown (NotFound).
func Load(version string) (*RuleSet, error) {
	sets, err := embedded()
	if err != nil {
		return nil, err
	}
	set, ok := sets[version]
	if !ok {
		return nil, fault.New(fault.NotFound, "ruleset.unknown", "there is no rule set %q", version)
	}
	return set, nil
}

// All are the versions that are built in, oldest first.
func All() ([]*RuleSet, error) {
	sets, err := embedded()
	if err != nil {
		return nil, err
	}
	var all []*RuleSet
	for _, version := range slices.Sorted(maps.Keys(sets)) {
		if version != "" {
			all = append(all, sets[version])
		}
	}
	return all, nil
}

// setYAML is a rule set as its file has it.
type setYAML struct {
	Version string `yaml:"version"`
	// VisaFree is the version of the list of nationalities.
	VisaFree string `yaml:"visa_free"`
	// Flags are those that are looked for.
	Flags []string `yaml:"flags"`
	// Baseline are facts that every rule passes; examples say what differs.
	Baseline yaml.Node  `yaml:"baseline"`
	Rules    []ruleYAML `yaml:"rules"`
}

// Parse reads a rule set from its file and compiles it. Rule: ruleset.file
// (Invalid).
func Parse(raw []byte) (*RuleSet, error) {
	s, err := parse(raw)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "ruleset.file", "the rule set cannot be used: %v", err)
	}
	return s, nil
}

func parse(raw []byte) (*RuleSet, error) {
	var file setYAML
	if err := strictYAML(raw, &file); err != nil {
		return nil, err
	}
	list, err := files.ReadFile("visafree/" + file.VisaFree + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("there is no list of visa-free nationalities %q", file.VisaFree)
	}
	s := &RuleSet{rules: map[string][]*rule{}, flags: file.Flags}
	var listVersion string
	if s.visaFree, listVersion, err = parseVisaFree(list); err != nil {
		return nil, err
	}
	if file.Version == "" || len(file.Rules) == 0 {
		return nil, errors.New("it has no version or no rule")
	}
	s.version = file.Version + "+visafree." + listVersion
	for _, flag := range file.Flags {
		if flagged[flag] == nil {
			return nil, fmt.Errorf("there is no flag %q", flag)
		}
	}
	if s.baseline, err = plainMap(&file.Baseline); err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	base, err := environment()
	if err != nil {
		return nil, err
	}
	for _, y := range file.Rules {
		one, err := compileRule(base, y)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", y.ID, err)
		}
		switch earlier := s.rules[one.id]; {
		case len(earlier) == 0:
			s.order = append(s.order, one.id)
		case earlier[0].onlyForGrant != one.onlyForGrant:
			return nil, fmt.Errorf("rule %q: all versions are for the same decision", one.id)
		}
		s.rules[one.id] = append(s.rules[one.id], one)
	}
	return s, nil
}

// Version names the rule set and its list of nationalities.
func (s *RuleSet) Version() string { return s.version }

// IDs are the rules' ids as listed.
func (s *RuleSet) IDs() []string { return append([]string(nil), s.order...) }

// Texts say what a rule asks; nothing for a rule that the set does not have.
func (s *RuleSet) Texts(id string) (Texts, bool) {
	versions := s.rules[id]
	if len(versions) == 0 {
		return Texts{}, false
	}
	return versions[len(versions)-1].texts, true
}

// inForce is the rule's version in force on a date: of several the latest.
func (s *RuleSet) inForce(id string, on time.Time) *rule {
	var found *rule
	for _, one := range s.rules[id] {
		if one.inForce(on) && (found == nil || !one.validFrom.Before(found.validFrom)) {
			found = one
		}
	}
	return found
}

// strictYAML takes one document without unknown members.
func strictYAML(raw []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("there is more than one document")
	}
	return nil
}
