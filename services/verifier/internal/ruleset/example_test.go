package ruleset

import "testing"

func TestExamplesBesideEveryRuleHold(t *testing.T) {
	for _, version := range []string{"2026-11-22+visafree.2024-08-04", "2026-11-26+visafree.2026-03-06"} {
		set, err := Load(version)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range set.Examples() {
			if !e.Holds() {
				t.Errorf("%s: %s %d, %s: %s, want %s (%v)", version, e.Rule, e.Version, e.Name, e.Got, e.Want, e.Err)
			}
		}
	}
}
