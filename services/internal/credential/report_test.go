package credential

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func TestReportIsVerifiedWhenEveryCheckPassed(t *testing.T) {
	passed := func() *Report {
		r := NewReport(CheckForm)
		r.Record(CheckForm, nil)
		return r
	}
	holding := func(parts ...*Report) *Report {
		r := passed()
		r.Credentials = parts
		return r
	}
	failing, tried := passed(), passed()
	failing.Record(CheckProof, fault.New(fault.Invalid, "credential.signature", "it does not fit"))
	tried.Record(CheckKey, fault.New(fault.Unavailable, "did.unreachable", "no answer"))
	broken := passed()
	broken.Record(CheckKey, errors.New("secret"))
	waiting := NewReport(CheckHolder)
	waiting.Credentials = []*Report{tried, failing}
	for name, c := range map[string]struct {
		report       *Report
		rule, answer string
	}{
		"all passed":               {passed(), "", "verified: "},
		"all passed, in parts too": {holding(passed(), passed()), "", "verified: "},
		"nothing was checked":      {&Report{}, "internal", "not verified: nothing was checked"},
		"nothing, in a part":       {holding(passed(), &Report{}), "internal", "cannot be verified now: nothing was checked"},
		"one was not made":         {NewReport(CheckForm), "credential.unchecked", "cannot be verified now: form: "},
		"one without an outcome":   {&Report{Checks: []Check{{Name: CheckForm}}}, "", "cannot be verified now: "},
		"one was not finished":     {tried, "did.unreachable", "cannot be verified now: no answer"},
		"one failed on our side":   {broken, "internal", "cannot be verified now: something went wrong"},
		"one failed":               {failing, "credential.signature", "not verified: it does not fit"},
		"one failed in a part":     {holding(tried, failing), "credential.signature", "not verified: it does not fit"},
		"the failed one is named":  {waiting, "credential.signature", "not verified: it does not fit"},
		"the tried one is named": {&Report{Checks: NewReport(CheckHolder).Checks, Credentials: []*Report{tried}},
			"did.unreachable", "cannot be verified now: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			verified := strings.HasPrefix(c.answer, "verified")
			if c.report.Verified() != verified || (c.report.Err() == nil) != verified || !strings.HasPrefix(c.report.Answer(), c.answer) {
				t.Errorf("verified %v, %v, %s", c.report.Verified(), c.report.Err(), c.report.Answer())
			}
			if err := c.report.Err(); err != nil && fault.RuleOf(err) != c.rule {
				t.Errorf("rule %s, want %s", fault.RuleOf(err), c.rule)
			}
			var written struct {
				Verified *bool
				Answer   string
			}
			text, err := json.Marshal(c.report)
			if err != nil || json.Unmarshal(text, &written) != nil || written.Verified == nil || *written.Verified != verified || written.Answer != c.report.Answer() {
				t.Errorf("written as %s, %v", text, err)
			}
		})
	}
}

func TestCheckThatIsRecordedAgainCountsAsItEndedLast(t *testing.T) {
	r := NewReport(CheckForm)
	if !r.Record(CheckForm, nil) || !r.Passed(CheckForm) || r.Passed(CheckProof) {
		t.Error("the check did not pass")
	}
	if r.Record(CheckForm, fault.New(fault.Invalid, "credential.id", "x")) || r.Passed(CheckForm) || len(r.Checks) != 1 {
		t.Error("the check passed", r.Checks)
	}
	r.Record("another", nil)
	if len(r.Checks) != 2 || r.Verified() {
		t.Error(r.Checks)
	}
}

// outcomesOf gives how each check ended.
func outcomesOf(r *Report) map[string]Outcome {
	all := map[string]Outcome{}
	for _, c := range r.Checks {
		all[c.Name] = c.Outcome
	}
	return all
}

// A report never says of a check that it passed when it was not made, or did
// not pass for one of the parts.
func TestReportOfAPresentationSaysNothingThatWasNotSeen(t *testing.T) {
	forged := edit(t, issue(t, offer().Document()), func(doc Document) { subject(doc)["given_name"] = "Liza" })
	data := present(t, presenting(issue(t, offer().Document()), forged))
	_, report := ExaminePresentation(t.Context(), keys{}, data, presentationOptions())
	got := outcomesOf(report)
	if got[CheckProof] != Passed || got[CheckCredentials] != Failed || got[CheckHolder] != Unfinished {
		t.Errorf("outcomes %v", got)
	}
	if !report.Credentials[0].Verified() || report.Credentials[1].Verified() {
		t.Error("the parts say otherwise")
	}
	wantRule(t, report.Err(), "credential.signature")
}

// The first proof of a set holds, the second is by a key that nobody can find.
func TestProofsPassTogetherOrNotAtAll(t *testing.T) {
	stranger := newParty(9)
	data := edit(t, chained(t, nil), func(doc Document) { proofAt(doc, 1)["verificationMethod"] = stranger.method })
	_, report := Examine(t.Context(), keys{}, data, Options{Now: now})
	if got := outcomesOf(report); got[CheckKey] != Failed || got[CheckProof] != Unfinished {
		t.Errorf("outcomes %v", got)
	}
	wantRule(t, report.Err(), "did.key")
}
