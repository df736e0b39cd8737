package events

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// What a step asks for each time is found whatever has happened before, and in order.
func TestWhatAStepAsksForIsFoundByItsIndex(t *testing.T) {
	for _, want := range []struct {
		query string
		args  int
		index string
	}{
		{openNow, 1, "USING INDEX event_inbox_open (producer=?)"},
		{leavingNext, 0, "SCAN o USING INDEX event_outbox_due"},
		{comparedNext, 4, "USING INDEX event_outbox_published (published_at>? AND published_at<?)"},
		{firstPublished, 2, "USING INDEX event_outbox_published (published_at>? AND published_at<?)"},
		{lastPublished, 2, "USING INDEX event_outbox_published (published_at>? AND published_at<?)"},
		{newestOnStream, 2, "USING INDEX event_outbox_place"},
	} {
		plan := testkit.Plan(t, want.query, make([]any, want.args), Migrations())
		if !strings.Contains(plan, want.index) || want.query != openNow && strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\n%s", want.query, plan)
		}
	}
}
