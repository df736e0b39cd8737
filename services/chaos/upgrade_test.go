package chaos_test

import (
	"strings"
	"testing"
)

// expanded is a next version of the program: its schema has a column more, which
// it writes and the version before does not know.
var expanded = []edit{
	{"internal/events/relay.go", "SET state = $1, stream_sequence = $2, published_at = $3 WHERE id = $4`,\n\t\t\t\tone.state,", "SET state = $1, stream_sequence = $2, published_at = $3, relay = 'second' WHERE id = $4`,\n\t\t\t\tone.state,"},
}

// Two upgrades while cases are under way, replica after replica: the first expands
// the schema, the second fills what is missing and contracts it. Both versions run
// beside each other on the expanded schema.
func TestCasesSurviveRollingUpgrades(t *testing.T) {
	services := here(t)
	expand := added{"internal/events/schema/00006_relay.sql", "-- +goose Up\nALTER TABLE event_outbox ADD COLUMN relay TEXT NOT NULL DEFAULT '';\n"}
	contract := added{"internal/events/schema/00007_relay.sql", "-- +goose Up\nUPDATE event_outbox SET relay = 'first' WHERE relay = '';\nDROP INDEX event_outbox_forward;\n"}
	first := build(t, services, nil)
	second := build(t, services, expanded, expand)
	third := build(t, services, expanded, expand, contract)
	report := run(t, first, "rolling-upgrade", "2", "--cluster", "--next", second+","+third)
	if !report.Passed() || len(report.Faults) != 2 {
		t.Errorf("%d of %d cases\n%s", report.Completed, report.Cases, strings.Join(report.Breaches, "\n"))
	}
}
