package credential

import (
	"testing"
)

// chained is an offer that the university signs, then the college and the
// academy: with ids, the later ones on the earlier.
func chained(t *testing.T, previous ...[]string) []byte {
	t.Helper()
	how := university.securing()
	how.ProofID = "urn:uuid:proof-1"
	data, err := Issue(t.Context(), keys{}, offer().Document(), how)
	if err != nil {
		t.Fatal(err)
	}
	for i, builtOn := range previous {
		how := []party{college, academy}[i].securing()
		how.Previous = builtOn
		how.ProofID = []string{"urn:uuid:proof-2", "urn:uuid:proof-3"}[i]
		if data, err = AddProof(t.Context(), keys{}, data, how); err != nil {
			t.Fatal(err)
		}
	}
	return data
}

func proofAt(doc Document, i int) map[string]any { return doc["proof"].([]any)[i].(map[string]any) }

func TestProofSetsAndChainsVerify(t *testing.T) {
	for name, previous := range map[string][][]string{
		"set of two":              {nil},
		"set of three":            {nil, nil},
		"chain of two":            {{"urn:uuid:proof-1"}},
		"chain of three":          {{"urn:uuid:proof-1"}, {"urn:uuid:proof-2"}},
		"set, and one upon both":  {nil, {"urn:uuid:proof-1", "urn:uuid:proof-2"}},
		"chain, and one upon all": {{"urn:uuid:proof-1"}, {"urn:uuid:proof-1", "urn:uuid:proof-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			data := chained(t, previous...)
			v, err := Verify(t.Context(), keys{}, data, Options{Now: now})
			if err != nil {
				t.Fatal(err)
			}
			if v.Issuer != university.did || v.VerificationMethod != university.method {
				t.Error("the credential is not the issuer's", v.VerificationMethod)
			}
			// One false proof makes the whole false, whichever it is.
			for i := range len(previous) + 1 {
				changed := edit(t, data, func(doc Document) { proofAt(doc, i)["created"] = "2026-01-01T00:00:00Z" })
				_, err := Verify(t.Context(), keys{}, changed, Options{Now: now})
				wantRule(t, err, "credential.signature")
			}
			_, err = Verify(t.Context(), keys{}, edit(t, data, func(doc Document) { subject(doc)["sex"] = 1 }), Options{Now: now})
			wantRule(t, err, "credential.signature")
		})
	}
}

// VC Data Integrity 1.0, section 2.1.2: a proof of a chain covers the proofs
// that it builds on.
func TestChainedProofCoversWhatItBuildsOn(t *testing.T) {
	data := chained(t, []string{"urn:uuid:proof-1"})
	how := university.securing()
	how.ProofID = "urn:uuid:proof-1"
	how.Created = now.Add(-1)
	again, err := Issue(t.Context(), keys{}, offer().Document(), how)
	if err != nil {
		t.Fatal(err)
	}
	other := object(t, again)
	// The first proof is replaced by another good one: the second no longer
	// holds.
	swapped := edit(t, data, func(doc Document) { doc["proof"] = []any{other["proof"], proofAt(doc, 1)} })
	_, err = Verify(t.Context(), keys{}, swapped, Options{Now: now})
	wantRule(t, err, "credential.signature")
	// In a set it does not matter.
	set := chained(t, nil)
	if _, err := Verify(t.Context(), keys{}, edit(t, set, func(doc Document) { doc["proof"] = []any{other["proof"], proofAt(doc, 1)} }), Options{Now: now}); err != nil {
		t.Error(err)
	}
}

func TestProofSetsAndChainsOutOfFormAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rule   string
		change func(doc Document)
	}{
		"previous is not there": {"credential.previous-proof", func(doc Document) { proofAt(doc, 1)["previousProof"] = "urn:uuid:proof-9" }},
		"previous removed":      {"credential.previous-proof", func(doc Document) { doc["proof"] = []any{proofAt(doc, 1)} }},
		"builds on itself":      {"credential.previous-proof", func(doc Document) { proofAt(doc, 1)["previousProof"] = "urn:uuid:proof-2" }},
		"circle":                {"credential.previous-proof", func(doc Document) { proofAt(doc, 0)["previousProof"] = "urn:uuid:proof-2" }},
		"previous is a number":  {"credential.proof-form", func(doc Document) { proofAt(doc, 1)["previousProof"] = 1 }},
		"previous twice":        {"credential.proof-form", func(doc Document) { proofAt(doc, 1)["previousProof"] = []any{"urn:uuid:proof-1", "urn:uuid:proof-1"} }},
		"two of one id":         {"credential.proof-form", func(doc Document) { proofAt(doc, 1)["id"] = "urn:uuid:proof-1" }},
		"id is no URL":          {"credential.proof-form", func(doc Document) { proofAt(doc, 1)["id"] = "proof" }},
		"previous is \"\"": {"credential.previous-proof", func(doc Document) {
			delete(proofAt(doc, 0), "id")
			proofAt(doc, 1)["previousProof"] = ""
		}},
		"previous of nine": {"credential.proof-form", func(doc Document) {
			proofAt(doc, 1)["previousProof"] = []any{"a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7", "a:8", "a:9"}
		}},
		"no previous":   {"credential.proof-form", func(doc Document) { proofAt(doc, 1)["previousProof"] = []any{} }},
		"not an object": {"credential.proof-form", func(doc Document) { doc["proof"] = []any{proofAt(doc, 0), "proof"} }},
		"nine of them": {"credential.proof-form", func(doc Document) {
			nine := make([]any, 9)
			for i := range nine {
				nine[i] = proofAt(doc, 0)
			}
			doc["proof"] = nine
		}},
		"the issuer's removed": {"credential.signer", func(doc Document) {
			delete(proofAt(doc, 1), "previousProof")
			doc["proof"] = proofAt(doc, 1)
		}},
		"a suite that nobody here knows": {"credential.cryptosuite", func(doc Document) { proofAt(doc, 1)["cryptosuite"] = "bbs-2023" }},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Verify(t.Context(), keys{}, edit(t, chained(t, []string{"urn:uuid:proof-1"}), c.change), Options{Now: now})
			wantRule(t, err, c.rule)
		})
	}
}

func TestProofBuildsOnlyOnWhatIsThere(t *testing.T) {
	how := college.securing()
	how.Previous = []string{"urn:uuid:proof-9"}
	_, err := AddProof(t.Context(), keys{}, chained(t), how)
	wantRule(t, err, "credential.previous-proof")
}

// A proof may name another that names one that is not there: no chain is
// followed before every link is known.
func TestBrokenLinkDeepInAChainIsRefused(t *testing.T) {
	data := edit(t, chained(t, nil, nil), func(doc Document) {
		proofAt(doc, 0)["previousProof"] = "urn:uuid:proof-2"
		proofAt(doc, 1)["previousProof"] = "urn:uuid:proof-9"
	})
	_, err := Verify(t.Context(), keys{}, data, Options{Now: now})
	wantRule(t, err, "credential.previous-proof")
}
