package verifier

import (
	"context"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

func TestFamilyIsDecidedTogetherOrNotAtAll(t *testing.T) {
	r := newRig(t)
	var refs []string
	for _, offer := range []string{"off_1", "off_2"} {
		caseRef, _, err := r.newWorker(offer, nil).paid()
		r.must(err)
		refs = append(refs, caseRef)
	}
	members := []desk.Member{{CaseRef: refs[0], Relation: desk.ReferencePerson}, {CaseRef: refs[1], Relation: desk.Spouse}}
	family, _, err := r.LinkFamily(t.Context(), "officer-1", members)
	r.must(err)
	if again, _, err := r.LinkFamily(t.Context(), "officer-1", members); err != nil || again != family {
		t.Errorf("linked again: %s, %v", again, err)
	}
	for _, ref := range refs {
		_, err := r.decide(ref, casefile.Granted, "")
		r.refused(err, fault.Conflict, "case.decided-together")
	}
	grant := func(ref string) desk.Deciding {
		return desk.Deciding{CaseRef: ref, Officer: "officer-1", TokenHash: "hash", Outcome: casefile.Granted}
	}
	_, err = r.DecideFamily(t.Context(), family, []desk.Deciding{grant(refs[0])})
	r.refused(err, fault.Invalid, "family.every-member")
	_, err = r.DecideFamily(t.Context(), family, []desk.Deciding{grant(refs[0]), grant(refs[1]), grant(refs[1])})
	r.refused(err, fault.Invalid, "family.every-member")

	// One member's offer is revoked: nobody is granted.
	stands := r.Verification.Status
	r.Verification.Status = checkStatus(func(v *credential.Verified) error {
		if v.Claims()["offer_id"] == "off_2" {
			return fault.New(fault.Denied, "status.revoked", "revoked")
		}
		return nil
	})
	both := []desk.Deciding{grant(refs[0]), grant(refs[1])}
	_, err = r.DecideFamily(t.Context(), family, both)
	r.refused(err, fault.Denied, "status.revoked")
	if r.count(`SELECT COUNT(*) FROM decision`) != 0 {
		t.Fatal("half a family was decided")
	}
	r.Verification.Status = stands
	for range 2 {
		_, err = r.DecideFamily(t.Context(), family, both)
		r.must(err)
	}
	if r.count(`SELECT COUNT(*) FROM decision`) != 2 || r.count(`SELECT COUNT(DISTINCT together) FROM decision WHERE together <> ''`) != 1 ||
		r.state(refs[0]) != casefile.Granted || r.state(refs[1]) != casefile.Granted {
		t.Errorf("%s and %s", r.state(refs[0]), r.state(refs[1]))
	}
}

type checkStatus func(*credential.Verified) error

func (c checkStatus) CheckStatus(_ context.Context, v *credential.Verified) error { return c(v) }

// Who takes an application back does not keep the others from theirs.
func TestFamilyIsDecidedWithoutWhoHasWithdrawn(t *testing.T) {
	r := newRig(t)
	var members []desk.Member
	for i, offer := range []string{"off_1", "off_2"} {
		caseRef, _, err := r.newWorker(offer, nil).paid()
		r.must(err)
		members = append(members, desk.Member{CaseRef: caseRef, Relation: []desk.Relation{desk.ReferencePerson, desk.Spouse}[i]})
	}
	family, _, err := r.LinkFamily(t.Context(), "officer-1", members)
	r.must(err)
	_, err = r.WithdrawApplication(t.Context(), members[1].CaseRef)
	r.must(err)
	_, err = r.DecideFamily(t.Context(), family, []desk.Deciding{{CaseRef: members[0].CaseRef, Officer: "officer-1", TokenHash: "hash", Outcome: casefile.Granted}})
	r.must(err)
	if r.state(members[0].CaseRef) != casefile.Granted || r.state(members[1].CaseRef) != casefile.Withdrawn {
		t.Errorf("%s and %s", r.state(members[0].CaseRef), r.state(members[1].CaseRef))
	}
}

func TestFamilyIsOfUndecidedCasesWithOneReferencePerson(t *testing.T) {
	r := newRig(t)
	granted, _, _ := r.granted("off_1")
	var open []string
	for _, offer := range []string{"off_2", "off_3", "off_4"} {
		caseRef, _, err := r.newWorker(offer, nil).paid()
		r.must(err)
		open = append(open, caseRef)
	}
	reference := func(ref string) desk.Member { return desk.Member{CaseRef: ref, Relation: desk.ReferencePerson} }
	child := func(ref string) desk.Member { return desk.Member{CaseRef: ref, Relation: desk.Child} }
	for name, c := range map[string]struct {
		kind    fault.Kind
		rule    string
		members []desk.Member
	}{
		"one alone":        {fault.Invalid, "family.members", []desk.Member{reference(open[0])}},
		"one twice":        {fault.Invalid, "family.members", []desk.Member{reference(open[0]), child(open[0])}},
		"nobody refers":    {fault.Invalid, "family.reference-person", []desk.Member{child(open[0]), child(open[1])}},
		"two refer":        {fault.Invalid, "family.reference-person", []desk.Member{reference(open[0]), reference(open[1])}},
		"a neighbour":      {fault.Invalid, "family.relation", []desk.Member{reference(open[0]), {CaseRef: open[1], Relation: "NEIGHBOUR"}}},
		"one is decided":   {fault.Conflict, "case.already-decided", []desk.Member{reference(open[0]), child(granted)}},
		"one is not there": {fault.NotFound, "case.unknown", []desk.Member{reference(open[0]), child("case_unknown")}},
	} {
		_, _, err := r.LinkFamily(t.Context(), "officer-1", c.members)
		if fault.KindOf(err) != c.kind || fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, _, err := r.LinkFamily(t.Context(), "officer-1", []desk.Member{reference(open[0]), child(open[1])})
	r.must(err)
	_, _, err = r.LinkFamily(t.Context(), "officer-1", []desk.Member{reference(open[2]), child(open[1])})
	r.refused(err, fault.Conflict, "family.linked-already")
	_, err = r.DecideFamily(t.Context(), "fam_unknown", nil)
	r.refused(err, fault.NotFound, "family.unknown")
}
