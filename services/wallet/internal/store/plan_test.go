package store

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// A holder's messages are counted whatever others have sent.
func TestTrafficIsFoundByTheHoldersDIDs(t *testing.T) {
	plan := testkit.Plan(t, traffic, []any{"lisa"}, identity.Migrations(), agent.Migrations(), Migrations())
	for _, index := range []string{"agent_outbox_sender (sender=?)", "agent_inbox_recipient (recipient=?)", "held_credential_holder (holder=?)"} {
		if !strings.Contains(plan, index) {
			t.Errorf("%s is not used:\n%s", index, plan)
		}
	}
}
