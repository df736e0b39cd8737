package verifier

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// happening is something that comes from outside, and may come again.
type happening struct {
	producer, name, subject string
	at                      time.Time
	data                    map[string]any
}

// TestCascadeInAnyOrder drives a case through its stored life: events of all
// producers in any order and again, officers deciding, revoking and resuming in
// between. The permit's status is that of the case; halts and resumptions are
// told in turn; a repeat changes nothing; a case that was never granted has
// nothing from an agency (I1).
func TestCascadeInAnyOrder(t *testing.T) {
	// Each run is a database; -rapid.checks asks for more.
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("15"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t)
		caseRef, _, err := r.newWorker("off_1", nil).apply()
		r.must(err)
		var past []happening
		bring := func(h happening) error { return r.tellOf(h.producer, h.name, h.subject, h.at, h.data) }
		tell := func(producer, name, subject string, data map[string]any) {
			r.later(time.Second)
			h := happening{producer, name, subject, r.Now(), data}
			past = append(past, h)
			if err := bring(h); err != nil && fault.RuleOf(err) != "case.not-granted" {
				rt.Fatalf("%s: %v", name, err)
			}
		}
		employer := map[string]any{"organisation_number": orgNumber, "reason": "LABOUR_DISPUTE"}
		var agency [][2]string
		for producer, names := range desk.Milestones() {
			for name := range names {
				if name != "identity.corrected" {
					agency = append(agency, [2]string{producer, name})
				}
			}
		}
		slices.SortFunc(agency, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
		rt.Repeat(map[string]func(*rapid.T){
			"pay":    func(*rapid.T) { r.pay(caseRef) },
			"decide": func(*rapid.T) { _, _ = r.decide(caseRef, casefile.Granted, "") },
			"refuse": func(rt *rapid.T) {
				if rapid.IntRange(0, 5).Draw(rt, "seldom") == 0 {
					_, _ = r.decide(caseRef, casefile.Refused, "NOT_SKILLED")
				}
			},
			"agency reports": func(rt *rapid.T) {
				e := rapid.SampledFrom(agency).Draw(rt, "event")
				tell(e[0], e[1], caseRef, nil)
			},
			"employer falls": func(rt *rapid.T) { tell("registry", "employer.suspended", "acc_1", employer) },
			"employer stands": func(rt *rapid.T) {
				tell("registry", "employer.reinstated", "acc_1", map[string]any{"organisation_number": orgNumber})
			},
			"offer goes": func(rt *rapid.T) {
				if rapid.IntRange(0, 3).Draw(rt, "seldom") == 0 {
					tell("issuer", rapid.SampledFrom([]string{"offer.withdrawn", "offer.superseded"}).Draw(rt, "how"), "off_1", nil)
				}
			},
			"resume": func(*rapid.T) { _, _ = r.Resume(t.Context(), caseRef) },
			"revoke": func(rt *rapid.T) {
				if rapid.IntRange(0, 5).Draw(rt, "seldom") == 0 {
					_, _ = r.RevokePermit(t.Context(), desk.Revoking{CaseRef: caseRef, Officer: "o", TokenHash: "h", Reason: "FORGED_DOCUMENTS"})
				}
			},
			"again": func(rt *rapid.T) {
				if len(past) == 0 {
					return
				}
				before := r.fingerprint(caseRef)
				h := rapid.SampledFrom(past).Draw(rt, "of")
				// What was taken changes nothing; what was refused may be taken now.
				if refused := bring(h); refused != nil || h.subject == caseRef {
					return
				}
				// An old word about an employer or an offer is no news.
				if h.producer == "registry" && r.fingerprint(caseRef) != before {
					rt.Fatalf("%s again changed %s to %s", h.name, before, r.fingerprint(caseRef))
				}
			},
			"": func(rt *rapid.T) { r.holds(rt, caseRef) },
		})
	})
}

func (r *rig) fingerprint(caseRef string) string {
	record, err := r.Get(r.Context(), caseRef)
	r.must(err)
	return fmt.Sprintf("%s %v, %d steps, %d events", record.Case.State(), record.Case.Causes(), len(record.Steps), r.count(`SELECT COUNT(*) FROM event_outbox`))
}

// holds checks what always holds of a stored case.
func (r *rig) holds(rt *rapid.T, caseRef string) {
	record, err := r.Get(r.Context(), caseRef)
	r.must(err)
	granted := r.count(`SELECT COUNT(*) FROM decision WHERE case_ref = $1 AND outcome = 'GRANTED'`, caseRef) > 0
	if !granted {
		if r.count(`SELECT COUNT(*) FROM issuance WHERE reference = $1`, caseRef) != 0 {
			rt.Fatal("a permit without a grant")
		}
		for _, step := range record.Steps {
			if step.Service != "verifier" && step.Service != "issuer" && step.Service != "registry" &&
				step.Step.Step != casefile.EarlyStartConfirmed && step.Step.Step != casefile.OnboardingStopped {
				rt.Fatalf("never granted, and has %s", step.Step.Step)
			}
		}
		return
	}
	want := map[casefile.State]string{
		casefile.Granted: "stands", casefile.Completed: "stands", casefile.Halted: "suspended", casefile.Revoked: "revoked",
	}[record.Case.State()]
	if got := r.permit(caseRef); got != want {
		rt.Fatalf("%s, and the permit is %s", record.Case.State(), got)
	}
	halted, resumed := r.events("case.halted", caseRef), r.events("case.resumed", caseRef)
	if open := halted - resumed; open != 0 && open != 1 || record.Case.State() == casefile.Halted && open != 1 || record.Case.State() == casefile.Granted && open != 0 {
		rt.Fatalf("%s after %d halts and %d resumptions", record.Case.State(), halted, resumed)
	}
	if n := r.events("case.completed", caseRef); n > 1 || n == 0 && record.Case.State() == casefile.Completed {
		rt.Fatalf("%s, completed %d times", record.Case.State(), n)
	}
	if r.count(`SELECT COUNT(*) FROM fee_payment WHERE state = 'due'`) != 0 {
		rt.Fatal("granted, and somebody waits for the fee")
	}
}
