package ruleset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// exampleYAML is an example beside a rule: what differs from the baseline, and
// what the rule then finds.
type exampleYAML struct {
	Name   string    `yaml:"name"`
	Facts  yaml.Node `yaml:"facts"`
	Expect Result    `yaml:"expect"`
}

// Example is an example that was run.
type Example struct {
	Rule    string
	Version int
	Name    string
	Want    Result
	Got     Result
	Err     error // facts that cannot be used
}

// Holds reports whether the rule found what the example expects.
func (e Example) Holds() bool { return e.Err == nil && e.Got == e.Want }

// Examples runs the examples beside each rule, and whether every rule passes the
// baseline.
func (s *RuleSet) Examples() []Example {
	var all []Example
	for _, id := range s.order {
		for _, one := range s.rules[id] {
			for _, example := range one.examples {
				run := Example{Rule: id, Version: one.version, Name: example.Name, Want: example.Expect}
				run.Got, run.Err = s.run(one, example)
				all = append(all, run)
			}
		}
	}
	return all
}

func (s *RuleSet) run(r *rule, example exampleYAML) (Result, error) {
	differing, err := plainMap(&example.Facts)
	if err != nil {
		return "", err
	}
	f, err := s.Facts(differing)
	if err != nil {
		return "", err
	}
	d, err := f.Dates()
	if err != nil {
		return "", err
	}
	// The version that the example stands beside must be the one in force.
	if s.inForce(r.id, d.On) != r {
		return "", fmt.Errorf("version %d is not in force on %s", r.version, f.EvaluatedOn)
	}
	facts, err := s.activation(f, d)
	if err != nil {
		return "", err
	}
	return r.find(facts, d.On), nil
}

// Facts are the set's baseline with some facts changed, by their JSON names; nil
// takes one away.
func (s *RuleSet) Facts(differing map[string]any) (Facts, error) {
	merged := maps.Clone(s.baseline)
	for name, value := range differing {
		merged[name] = value
		if value == nil {
			delete(merged, name)
		}
	}
	raw, err := json.Marshal(merged)
	if err != nil {
		return Facts{}, err
	}
	var f Facts
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return Facts{}, fmt.Errorf("read facts: %w", err)
	}
	return f, nil
}

// plainMap is a YAML mapping as encoding/json would read it: dates are text.
func plainMap(node *yaml.Node) (map[string]any, error) {
	if node.IsZero() {
		return map[string]any{}, nil
	}
	value, err := plain(node)
	if err != nil {
		return nil, err
	}
	m, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("line %d: not a mapping", node.Line)
	}
	return m, nil
}

func plain(node *yaml.Node) (value any, err error) {
	switch node.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			if m[node.Content[i].Value], err = plain(node.Content[i+1]); err != nil {
				return nil, err
			}
		}
		return m, nil
	case yaml.SequenceNode:
		list := make([]any, len(node.Content))
		for i, item := range node.Content {
			if list[i], err = plain(item); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.ScalarNode:
		if node.Tag == "!!timestamp" {
			return node.Value, nil
		}
		err = node.Decode(&value)
		return value, err
	}
	return nil, fmt.Errorf("line %d: neither mapping, list nor value", node.Line)
}
