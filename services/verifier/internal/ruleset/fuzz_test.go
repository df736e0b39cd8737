package ruleset

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzRuleSetFile: whatever a file holds, it is read or refused; what is read can
// be held against facts, and comes to one of the three outcomes.
func FuzzRuleSetFile(f *testing.F) {
	f.Add([]byte(one))
	for _, name := range []string{"rulesets/2026-11-22.yaml", "rulesets/2026-11-26.yaml"} {
		raw, err := files.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		set, err := Parse(raw)
		if err != nil {
			return
		}
		set.Examples()
		facts := lisa()
		e, err := set.Evaluate(facts, Automatic)
		if err != nil {
			t.Fatal(err)
		}
		if e.Outcome != ToOfficer && e.Outcome != ProposeGrant && e.Outcome != Grant {
			t.Fatalf("outcome %s", e.Outcome)
		}
	})
}

// FuzzApplication: whatever an offer and a document say, they are read or refused,
// and what the rules make of them can be stored and made again.
func FuzzApplication(f *testing.F) {
	f.Add([]byte(lisaOffer), []byte(`{"norwegian_level":"MASTER","eqf_level":7}`), "EducationRecognition")
	f.Add([]byte(lisaOffer), []byte(`{"results":[{"part":"ORAL","cefr":"B1"}]}`), "LanguageTestResult")
	f.Add([]byte(`{"passport":[],"nationalities":[[]]}`), []byte(`{"has_remarks":"no","nationalities":7}`), "PoliceCertificate")
	f.Fuzz(func(t *testing.T, offer, document []byte, typ string) {
		var a Application
		var supporting map[string]any
		if json.Unmarshal(offer, &a.Offer) != nil || json.Unmarshal(document, &supporting) != nil {
			return
		}
		a.Accreditation = Accreditation{InForce: true, OrganisationNumber: "310000019"}
		a.Signatory = Signatory{Checked: true, Authorised: true}
		a.Supporting = []Supporting{{Type: typ, Claims: supporting}}
		facts, err := FactsOf(a, time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC))
		if err != nil {
			return
		}
		set, err := Current()
		if err != nil {
			t.Fatal(err)
		}
		e, err := set.Evaluate(facts, Automatic)
		if err != nil {
			return
		}
		if e.Outcome == Grant {
			t.Fatal("one document answered three questions")
		}
		var stored Evaluation
		var read Facts
		rewrite(t, e, &stored)
		rewrite(t, facts, &read)
		if _, same, err := Replay(stored, read); !same || err != nil {
			t.Fatalf("it does not replay: %v", err)
		}
	})
}
