package events

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// What is open is found whatever was taken before: a step of the inbox asks for it
// each time.
func TestWhatIsOpenIsFoundByItsIndex(t *testing.T) {
	plan := testkit.Plan(t, openNow, []any{"issuer"}, Migrations())
	if !strings.Contains(plan, "USING INDEX event_inbox_open (producer=?)") {
		t.Error(plan)
	}
}
