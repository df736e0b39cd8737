package chaos_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/chaos"
	"github.com/kompetansespor/kompetansespor/services/chaos/virtual"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
)

// edit replaces a passage of a source file, which must be there once.
type edit struct{ file, old, new string }

// A planted mistake is one that a chaos run must find; what is planted changes the
// program as it is built, and no file of ours.
type mistake struct {
	name  string
	edits []edit
	// fault brings it to light, simulated where that has another name in simulated
	// runs; the run must then name one of these breaches.
	fault, simulated string
	times            string
	breaches         []string
}

// finds fails unless a breach is one that the mistake makes.
func (m mistake) finds(t *testing.T, breaches []string) {
	t.Helper()
	for _, breach := range breaches {
		for _, want := range m.breaches {
			if strings.Contains(breach, want) {
				t.Logf("found: %s", breach)
				return
			}
		}
	}
	t.Errorf("it failed for other reasons than the planted one:\n%s", strings.Join(breaches, "\n"))
}

var planted = []mistake{
	{
		name: "a relay that publishes before commit",
		edits: []edit{
			{"internal/events/relay.go", "// Step publishes the next event", "// early are the relays of this process.\nvar early = map[string]*Relay{}\n\n// Step publishes the next event"},
			{"internal/events/relay.go", "(bool, error) {\n\trows, err :=", "(bool, error) {\n\tearly[r.Producer] = r\n\trows, err :="},
			{"internal/events/outbox.go", "\ttx.OnCommit(func() {\n", `
	if relay := early[o.Producer]; relay != nil {
		_, _ = relay.To.Publish(ctx, eventbus.Subject(o.Producer, h.Case), event.ID, payload, eventbus.Anywhere)
	}
	tx.OnCommit(func() {
`},
		},
		fault: string(crash.BeforeAppendCommit), times: "3",
		breaches: []string{"no outbox has it", "never sent it"},
	},
	{
		name: "a consumer that acknowledges before commit",
		edits: []edit{
			{"internal/events/inbox.go", "\t\tif err := i.take(ctx, msg); err != nil {\n", "\t\tif err := msg.Ack(); err != nil {\n\t\t\treturn err\n\t\t}\n\t\tif err := i.take(ctx, msg); err != nil {\n"},
		},
		fault: string(crash.BeforeConsumeCommit), times: "3",
		breaches: []string{"it was published and never taken"},
	},
	{
		// The key is asked when an event is looked for, and when it is put in.
		name: "an inbox without its unique key",
		edits: []edit{
			{"internal/events/schema/00001_events.sql", "    reason      TEXT   NOT NULL,\n    PRIMARY KEY (producer, id, hash)\n", "    reason      TEXT   NOT NULL\n"},
			{"internal/events/inbox.go", "case errors.Is(err, sql.ErrNoRows):\n\t\treturn false, nil\n\tcase err != nil:\n\t\treturn false, err\n\tcase known == hash:\n\t\treturn true, nil", "case errors.Is(err, sql.ErrNoRows), known == hash:\n\t\treturn false, nil\n\tcase err != nil:\n\t\treturn false, err"},
		},
		fault: "repeated-events", simulated: "events-repeated", times: "3",
		breaches: []string{"it was taken 2 times", "it was taken 3 times", "it was taken 4 times"},
	},
	{
		name: "a status index reused",
		edits: []edit{
			{"internal/statuslist/schema/00001_statuslist.sql", "    reason        TEXT   NOT NULL,\n    PRIMARY KEY (list, position)\n", "    reason        TEXT   NOT NULL\n"},
			{"internal/statuslist/lists.go", "\t\t\tON CONFLICT (list, position) DO NOTHING`", "\t\t\tON CONFLICT DO NOTHING`"},
			{"internal/statuslist/lists.go", "% status.MinEntries), nil", "% 4), nil"},
		},
		fault: "kill", times: "1",
		breaches: []string{"it has the status index of"},
	},
}

// A chaos run finds each planted mistake, and passes without it.
func TestChaosFindsPlantedMistakes(t *testing.T) {
	services := here(t)
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			program := build(t, services, p.edits)
			report := run(t, program, p.fault, p.times)
			if report.Passed() {
				t.Fatalf("the run passed: %d of %d cases", report.Completed, report.Cases)
			}
			p.finds(t, report.Breaches)
			breaches, passed := simulate(t, program, cmp.Or(p.simulated, p.fault))
			if passed == simulatedRuns {
				t.Fatal("every simulated run passed")
			}
			p.finds(t, breaches)
		})
	}
	t.Run("nothing planted", func(t *testing.T) {
		program := build(t, services, nil)
		for _, p := range planted {
			if breaches, passed := simulate(t, program, cmp.Or(p.simulated, p.fault)); passed < simulatedRuns {
				t.Errorf("%s, simulated: %d of %d runs passed\n%s", p.fault, passed, simulatedRuns, strings.Join(breaches, "\n"))
			}
			if report := run(t, program, p.fault, p.times); !report.Passed() {
				t.Errorf("%s: %d of %d cases\n%s", p.fault, report.Completed, report.Cases, strings.Join(report.Breaches, "\n"))
			}
		}
	})
}

// here is the folder of the services.
func here(t *testing.T) string {
	t.Helper()
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		t.Fatal("where the sources are is not known")
	}
	return filepath.Dir(filepath.Dir(file))
}

// added is a source file that is not there.
type added struct{ file, content string }

// build makes the program with edits to its sources, and with further ones.
func build(t *testing.T, services string, edits []edit, files ...added) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for i, f := range files {
		path := filepath.Join(dir, fmt.Sprintf("added-%d", i))
		if err := os.WriteFile(path, []byte(f.content), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(services, f.file)] = path
	}
	for _, e := range edits {
		file := filepath.Join(services, e.file)
		source := file
		if edited, again := replace[file]; again {
			source = edited
		}
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(content), e.old) != 1 {
			t.Fatalf("%s has changed: it no longer has once\n%s", e.file, e.old)
		}
		edited := filepath.Join(dir, strings.ReplaceAll(e.file, "/", "-"))
		if err := os.WriteFile(edited, []byte(strings.Replace(string(content), e.old, e.new, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[file] = edited
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlayFile, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "kompetansespor")
	if err := os.WriteFile(overlayFile, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlayFile, "-o", program, "./cmd/kompetansespor")
	command.Dir = services
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return program
}

// simulatedRuns is how many seeds are simulated under a fault.
const simulatedRuns = 10

// simulate runs seeds of simulated cases under a fault, and gives what was wrong in
// them and how many passed.
func simulate(t *testing.T, program, fault string) (breaches []string, passed int) {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), program,
		"chaos", "--virtual", "--json", "--seed", "1", "--cases", "3", "--runs", strconv.Itoa(simulatedRuns), "--fault", fault).Output()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(said))
	for range simulatedRuns {
		var report virtual.Report
		if err := decoder.Decode(&report); err != nil {
			t.Fatalf("%v: %s", err, ended.Stderr)
		}
		if report.Passed() {
			passed++
		}
		breaches = append(breaches, report.Breaches...)
	}
	return breaches, passed
}

// run takes cases through the program under a fault.
func run(t *testing.T, program, fault, times string, more ...string) *chaos.Report {
	t.Helper()
	data, err := os.MkdirTemp("", "kompetansespor-chaos-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(data) })
	if err := os.Chmod(data, 0o711); err != nil { // PostgreSQL's user must get through
		t.Fatal(err)
	}
	args := append([]string{
		"chaos", "--json", "--seed", "1", "--cases", "8", "--fault", fault, "--times", times, "--patience", "15s", "--data", data,
	}, more...)
	said, err := exec.CommandContext(t.Context(), program, args...).Output()
	report := &chaos.Report{}
	if jsonErr := json.Unmarshal(said, report); jsonErr != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			said = append(said, ended.Stderr...)
		}
		t.Fatalf("%v: %v\n%s", err, jsonErr, said)
	}
	return report
}
