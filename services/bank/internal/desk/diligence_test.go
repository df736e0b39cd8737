package desk_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestWhoIsOnTheListIsForAClerk(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v7", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.assigned(t, "case_1")
	w.standing(t, "case_1", desk.Queued)
	if got := w.happened(t, "case_1"); got != "duediligence.queued" || len(w.Credentials(t, "case_1")) != 0 {
		t.Error(got)
	}
	found := w.line(t, "case_1").Account.Snapshot().Facts.Assessment
	if found.ListVersion != "v7" || found.ListHash != w.list.Hash || len(found.Findings) != 1 || found.Findings[0].Entry != "S1" {
		t.Errorf("%+v", found)
	}
	queued, err := w.List0(t, w.first, desk.Queued)
	if err != nil || len(queued) != 1 {
		t.Error(queued, err)
	}
	if _, err := w.Approve(t.Context(), w.word("case_1", "ENHANCED_MEASURES_DONE")); fault.RuleOf(err) != "account.listed" {
		t.Error(err)
	}
	if _, err := w.Approve(t.Context(), w.word("case_1", "NOT_THE_LISTED_PERSON")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Opened)
	line := w.line(t, "case_1").Account.Snapshot()
	if line.Facts.Decision.By != "clerk-1" || line.Facts.Decision.Reason != "looked at the passport" || line.Facts.Level != "ENHANCED" {
		t.Errorf("%+v", line.Facts)
	}
	if got := w.happened(t, "case_1"); got != "duediligence.queued,bankaccount.opened,bankid.ordered,bankid.issued" {
		t.Error(got)
	}
}

func TestDeclinedCustomerIsTold(t *testing.T) {
	w := openWorld(t)
	w.claims["case_1"] = map[string]any{"current_country": "KP"}
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.standing(t, "case_1", desk.Queued)
	if _, err := w.Decline(t.Context(), w.word("case_1", "RISK")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Declined)
	w.assigned(t, "case_1")
	w.stands(t, "permit.revoked", "case_1", "OFFICER")
	if got := w.happened(t, "case_1"); got != "duediligence.queued,onboarding.stopped" {
		t.Error(got)
	}
	if _, err := w.Approve(t.Context(), w.word("case_1", "ENHANCED_MEASURES_DONE")); fault.RuleOf(err) != "account.not-queued" {
		t.Error(err)
	}
}

func TestListThatIsMissingOrStaleOpensNothing(t *testing.T) {
	for rule, spoil := range map[string]func(*world){
		"sanctions.list-missing": func(w *world) {
			w.listErr = fault.New(fault.Unavailable, "sanctions.list-missing", "gone")
		},
		"sanctions.list-stale": func(w *world) {
			w.list = listOf(t, "v0")
			w.list.NextUpdate = w.Harness.Clock.Now()
		},
	} {
		w := openWorld(t)
		spoil(w)
		w.granted(t, "case_1")
		w.assigned(t, "case_1")
		w.later(t)
		if line := w.line(t, "case_1"); line.Standing != desk.Waiting || line.Rule != rule || w.asked != 0 || w.happened(t, "case_1") != "" {
			t.Errorf("%s: %+v, asked %d", rule, line, w.asked)
		}
		if _, err := w.Approve(t.Context(), w.word("case_1", "ENHANCED_MEASURES_DONE")); fault.RuleOf(err) != "account.not-queued" {
			t.Error("a clerk opened what was not checked:", err)
		}
		w.listErr, w.list = nil, listOf(t, "v2")
		w.later(t)
		w.standing(t, "case_1", desk.Opened)
	}
}

// A list that changes while a clerk thinks is asked again before the account is
// opened: the clerk has not seen the new entry.
func TestListIsAskedAgainAtTheOpening(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.list = listOf(t, "v2", lisaListed, "S2,SANCTION,Lisa Johnson,1990,x")
	if _, err := w.Approve(t.Context(), w.word("case_1", "NOT_THE_LISTED_PERSON")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Queued)
	if got := w.happened(t, "case_1"); got != "duediligence.queued,duediligence.queued" {
		t.Error(got)
	}
	if found := w.line(t, "case_1").Account.Snapshot().Facts; found.Assessment.ListVersion != "v2" || found.Decision != nil {
		t.Errorf("%+v", found)
	}
	if _, err := w.Approve(t.Context(), w.word("case_1", "NOT_THE_LISTED_PERSON")); err != nil {
		t.Fatal(err)
	}
	w.steps(t)
	w.standing(t, "case_1", desk.Opened)
}

func TestClerksQueueEmptiesWhenACorrectionClearsTheCustomer(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	w.standing(t, "case_1", desk.Queued)
	w.claims["case_1"] = map[string]any{"given_name": "Liselotte", "family_name": "Janssen"}
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"given_name"}})
	w.standing(t, "case_1", desk.Opened)
	if holder := w.line(t, "case_1").Account.Snapshot().Holder; holder != "Liselotte Janssen" {
		t.Error(holder)
	}
}

func TestDecisionNeedsCodeAndReason(t *testing.T) {
	w := openWorld(t)
	w.list = listOf(t, "v1", lisaListed)
	w.granted(t, "case_1")
	w.assigned(t, "case_1")
	for _, word := range []desk.Word{
		{Clerk: w.first, CaseRef: "case_1", Code: "", Reason: "x"},
		{Clerk: w.first, CaseRef: "case_1", Code: "NOT_THE_LISTED_PERSON", Reason: " "},
		{Clerk: w.first, CaseRef: "case_1", Code: "NOT_THE_LISTED_PERSON", Reason: strings.Repeat("x", 1001)},
	} {
		if _, err := w.Approve(t.Context(), word); fault.RuleOf(err) != "account.word" {
			t.Error(err)
		}
	}
	if _, err := w.Approve(t.Context(), desk.Word{Clerk: w.first, CaseRef: "case_9", Code: "RISK", Reason: "x"}); fault.KindOf(err) != fault.NotFound {
		t.Error("a case that nobody named:", err)
	}
	var cases int
	if err := w.db().Read().QueryRowContext(t.Context(), `SELECT COUNT(*) FROM onboarding_case`).Scan(&cases); err != nil || cases != 1 {
		t.Error("a clerk made a case up:", cases, err)
	}
}

// A new list is asked about everybody who has an account (§ 24).
func TestNewListIsComparedWithEveryCustomer(t *testing.T) {
	w := openWorld(t)
	rescreen := func() {
		t.Helper()
		for busy := true; busy; {
			var err error
			if busy, err = w.Rescreen(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.steps(t)
	}
	people := []string{fnr, otherFNR, dNumber}
	for n, ref := range []string{"case_1", "case_2", "case_3"} {
		w.numbers[ref] = people[n]
	}
	w.claims["case_2"] = map[string]any{"given_name": "Boris", "family_name": "Example"}
	for _, ref := range []string{"case_1", "case_2", "case_3"} {
		w.opened(t, ref)
	}
	before := w.count(t, `SELECT SUM(revision) FROM onboarding_case`)
	rescreen()
	if got := w.count(t, `SELECT SUM(revision) FROM onboarding_case`); got != before {
		t.Error("looked at again without another list")
	}
	w.list = listOf(t, "v2", "S1,SANCTION,Boris Example,1990-01-01,x")
	w.listErr = fault.New(fault.Unavailable, "sanctions.list-missing", "gone")
	rescreen()
	w.standing(t, "case_2", desk.Opened)
	w.listErr = nil
	rescreen()
	w.standing(t, "case_1", desk.Opened)
	w.standing(t, "case_2", desk.Frozen)
	w.standing(t, "case_3", desk.Opened)
	if cause := w.line(t, "case_2").Account.Snapshot().Facts.Frozen.Cause; cause != "SANCTIONS_LIST" {
		t.Error(cause)
	}
	if got := w.happened(t, "case_2"); !strings.HasSuffix(got, "duediligence.queued,bankaccount.frozen") {
		t.Error(got)
	}
	after := w.count(t, `SELECT SUM(revision) FROM onboarding_case`)
	rescreen()
	if got := w.count(t, `SELECT SUM(revision) FROM onboarding_case`); got != after {
		t.Error("looked at again by the same list")
	}
	// What a clerk has released stays so by the same findings of a later list.
	if _, err := w.Release(t.Context(), w.word("case_2", "")); err != nil {
		t.Fatal(err)
	}
	w.list = listOf(t, "v3", "S1,SANCTION,Boris Example,1990-01-01,x")
	rescreen()
	w.standing(t, "case_2", desk.Opened)
	w.list = listOf(t, "v4", "S1,SANCTION,Boris Example,1990-01-01,x", "S9,SANCTION,Johnson Lisa,1990-01-01,x")
	rescreen()
	w.standing(t, "case_1", desk.Frozen)
	w.standing(t, "case_2", desk.Opened)
}

func TestCustomerWhoIsAnotherNowWaitsForAList(t *testing.T) {
	w := openWorld(t)
	w.opened(t, "case_1")
	w.listErr = fault.New(fault.Unavailable, "sanctions.list-entry", "half a list")
	w.claims["case_1"] = map[string]any{"family_name": "Jonsson"}
	w.event(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"family_name"}})
	if line := w.line(t, "case_1"); line.Rule != "sanctions.list-entry" || line.Account.Snapshot().Holder != "Lisa Johnson" {
		t.Errorf("%+v", line)
	}
	w.listErr = nil
	w.later(t)
	if line := w.line(t, "case_1"); line.Rule != "" || line.Account.Snapshot().Holder != "Lisa Jonsson" {
		t.Errorf("%+v", line)
	}
}
