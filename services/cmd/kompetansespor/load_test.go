package main

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/load"
)

// loaded runs a short load over processes of their own and reads its report.
func loaded(t *testing.T, args ...string) (r load.Report) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if err := run(t.Context(), append([]string{"load", "--json", "--ramp", "0s"}, args...), &stdout, &stderr); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	decoder := json.NewDecoder(&stdout)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Each scenario does what it counts, and every service is found.
func TestLoadMeasuresARunningSystem(t *testing.T) {
	for scenario, args := range map[load.Scenario][]string{
		load.Credentials:   {"--parallel", "4", "--persons", "7", "--for", "60s"},
		load.Presentations: {"--parallel", "4", "--persons", "8", "--for", "60s"},
		load.Verifications: {"--rate", "50", "--persons", "20", "--for", "60s", "--employers", "3", "--stored", "5"},
	} {
		t.Run(string(scenario), func(t *testing.T) {
			t.Parallel()
			r := loaded(t, append(args, "--scenario", string(scenario))...)
			want := map[load.Scenario]int{load.Credentials: 7, load.Presentations: 8, load.Verifications: 20}[scenario]
			if r.Scenario != scenario || r.Done != want || r.Failed != 0 || r.Latency.P50 <= 0 || r.Latency.Max < r.Latency.P99 {
				t.Errorf("%+v", r)
			}
			if many := scenario == load.Verifications; many != (r.Employers == 3 && r.Stored == 5) {
				t.Errorf("%d employers, %d stored", r.Employers, r.Stored)
			}
			found := map[string]load.Usage{}
			for _, u := range r.Services {
				found[u.Name] = u
			}
			for _, name := range []string{"event bus", "registry", "issuer", "wallet", "verifier", "police", "tax", "bank"} {
				if found[name].MemoryMiB <= 0 {
					t.Errorf("%s was not found", name)
				}
			}
		})
	}
}

func TestLoadSaysWhatItDoesNotTake(t *testing.T) {
	for want, args := range map[string][]string{
		"offers credentials": {"--scenario", "everything"},
		"--rate":             {"--rate", "-1"},
		"--for":              {"--for", "0s"},
		"1000000":            {"--persons", "1000001"},
		"--employers":        {"--employers", "0"},
		"--stored":           {"--stored", "-1"},
	} {
		if err := run(t.Context(), append([]string{"load"}, args...), io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
