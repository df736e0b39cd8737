package ruleset

import "fmt"

// Find holds one rule of a set against facts, for tests that change one rule.
func (s *RuleSet) Find(id string, f Facts) (Result, error) {
	d, err := f.Dates()
	if err != nil {
		return "", err
	}
	r := s.inForce(id, d.On)
	if r == nil {
		if len(s.rules[id]) == 0 {
			return "", fmt.Errorf("no rule %q", id)
		}
		return Officer, nil
	}
	facts, err := s.activation(f, d)
	if err != nil {
		return "", err
	}
	return r.find(facts, d.On), nil
}
