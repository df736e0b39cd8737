package casefile

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestVerbsRefuseWhatIsNoMessage(t *testing.T) {
	c := opened(t, lisa())
	refused, err := Restore(c.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := refused.Decide(Decision{ID: "d", Officer: "o", Outcome: Refused, Reason: "NOT_SKILLED", At: on}); err != nil {
		t.Fatal(err)
	}
	for name, do := range map[string]struct {
		rule string
		err  func() error
	}{
		"no cause":           {"case.cause", func() error { _, _, err := c.Impede("HAIR", on); return err }},
		"no time":            {"case.cause", func() error { _, _, err := c.Impede(CauseOfferWithdrawn, time.Time{}); return err }},
		"no id of an appeal": {"case.appeal", func() error { _, err := refused.Lodge("", on, on); return err }},
		"no deadline":        {"case.appeal", func() error { _, err := refused.Lodge("a", on, time.Time{}); return err }},
		"nobody forwards":    {"case.officer", func() error { _, err := refused.Forward("", on); return err }},
		"revoked by decision": {"case.outcome", func() error {
			_, err := c.Decide(Decision{ID: "d", Officer: "o", Outcome: Revoked, Reason: "FORGED_DOCUMENTS", At: on})
			return err
		}},
		"reversed to refused": {"case.outcome", func() error {
			_, err := refused.Reverse(Decision{ID: "d", Officer: "o", Outcome: Refused, Reason: "NOT_SKILLED", At: on})
			return err
		}},
		"a machine refuses": {"case.machine-refusal", func() error {
			_, err := c.Decide(Decision{ID: "d", Officer: RuleSetOfficer + "1", Outcome: Refused, Reason: "NOT_SKILLED", At: on})
			return err
		}},
		"a machine revokes": {"case.machine-refusal", func() error {
			_, err := granted(t, lisa()).Revoke(Decision{ID: "d", Officer: RuleSetOfficer + "1", Reason: "FORGED_DOCUMENTS", At: on})
			return err
		}},
	} {
		if err := do.err(); fault.RuleOf(err) != do.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A revoked permit, or a case that UNE upheld or its applicant took back, takes
// nothing in any more that would move it.
func TestCaseThatIsOverStaysOver(t *testing.T) {
	revoked := granted(t, lisa())
	if _, err := revoked.Revoke(Decision{ID: "d2", Officer: "o", Reason: "FORGED_DOCUMENTS", At: on}); err != nil {
		t.Fatal(err)
	}
	withdrawn := opened(t, lisa())
	if changed, err := withdrawn.Withdraw(on); !changed || err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Case{revoked, withdrawn} {
		state := c.State()
		if changed, halted, err := c.Impede(CauseEmployerSuspended, on); changed || halted || err != nil {
			t.Errorf("%s: impeded %v %v %v", state, changed, halted, err)
		}
		if changed, _, _, err := c.Lift(CauseEmployerSuspended, on); changed || err != nil {
			t.Errorf("%s: lifted %v", state, err)
		}
		if err := c.Renew(c.Evaluation(), on); fault.RuleOf(err) != "case.over" {
			t.Errorf("%s: renewed, %v", state, err)
		}
		if c.State() != state || c.Readable() == nil {
			t.Errorf("%s became %s", state, c.State())
		}
	}
}
