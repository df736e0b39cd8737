package chaos

import (
	"os"
	"slices"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// A fault that cannot be had is refused before anything is started, and the
// refusal says which can.
func TestFaultThatCannotBeHadIsRefused(t *testing.T) {
	single, several := &devsetup.Layout{}, &devsetup.Layout{Cluster: &devsetup.Cluster{}}
	one := make([]demo.Input, 1)
	for name, c := range map[string]struct {
		cfg  Config
		rule string
	}{
		"a kill":                       {Config{Layout: single, Kinds: []string{"kill"}, Times: 1, Persons: one}, ""},
		"a misspelling":                {Config{Layout: several, Kinds: []string{"kil"}, Times: 1, Persons: one}, "chaos.fault"},
		"a failover without a standby": {Config{Layout: single, Kinds: []string{"postgres-failover"}, Times: 1, Persons: one}, "chaos.fault"},
		"a failover":                   {Config{Layout: several, Kinds: []string{"postgres-failover"}, Times: 1, Persons: one}, ""},
		"no case":                      {Config{Layout: single, Kinds: []string{"kill"}, Times: 1}, "chaos.nothing"},
		"no fault":                     {Config{Layout: single, Times: 1, Persons: one}, "chaos.nothing"},
	} {
		err := check(c.cfg)
		if (err == nil) != (c.rule == "") || err != nil && fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	without := 1 // a rolling upgrade comes only when it is asked for
	if os.Geteuid() != 0 {
		without += 2 // mounting a full disk and one that forgets takes root
	}
	if all := Kinds(true); len(all) != len(kinds)-without || slices.Contains(all, upgrading) || !slices.Contains(all, "postgres-crash") || slices.Contains(Kinds(false), "postgres-crash") {
		t.Error(all)
	}
}

// What has not completed, or does not hold, is no pass.
func TestReportPassesOnlyWhenAllIsWell(t *testing.T) {
	for name, r := range map[string]Report{
		"a case is missing": {Cases: 2, Completed: 1},
		"a breach":          {Cases: 2, Completed: 2, Breaches: []string{"I1"}},
	} {
		if r.Passed() {
			t.Error(name)
		}
	}
	if r := (Report{Cases: 2, Completed: 2}); !r.Passed() {
		t.Error("all is well")
	}
}
