package web

import (
	"slices"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// together are the cases of a family that are decided at once.
type together struct {
	Path  string
	ID    string
	Cases []*verifierv1.FamilyCase
	Form  *page.Form
}

// members are those of a case's family who have not withdrawn. Who is in it is
// personal, and that it was read is in the access log.
func (p *Pages) members(c *page.Call) (t together, err error) {
	one, err := p.read(c.Context(), c.Path("case"))
	if err != nil {
		return t, err
	}
	if one.GetFamilyId() == "" {
		return t, fault.New(fault.NotFound, "family.unknown", "the case is linked with no other")
	}
	shown, err := p.Cases.ReadCaseFile(c.Context(), &verifierv1.ReadCaseFileRequest{CaseRef: one.GetCaseRef()})
	t = together{Path: caseOf(c) + "/family", ID: one.GetFamilyId(), Form: page.NewForm()}
	for _, member := range shown.GetFamily() {
		if member.GetState() != verifierv1.CaseState_CASE_STATE_WITHDRAWN {
			t.Cases = append(t.Cases, member)
		}
	}
	return t, err
}

func (p *Pages) familyForm(c *page.Call) error {
	t, err := p.members(c)
	if err != nil {
		return err
	}
	return c.Show(familyDecision(c, t))
}

// decideFamily decides every case of the family, or none.
func (p *Pages) decideFamily(c *page.Call) error {
	t, err := p.members(c)
	if err != nil {
		return err
	}
	t.Form = c.Form()
	ask := &verifierv1.DecideFamilyRequest{FamilyId: t.ID}
	for _, member := range t.Cases {
		ref := member.GetCaseRef()
		outcome, known := outcomes[t.Form.Get("outcome."+ref)]
		reason := t.Form.Get("reason_code." + ref)
		switch {
		case !known:
			t.Form.Refuse(c, "outcome."+ref, "decide.outcome.missing")
		case outcome == verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED:
			reason = ""
		case !slices.Contains(casefile.RefusalReasons, reason):
			t.Form.Refuse(c, "reason_code."+ref, "decide.reason.missing")
		}
		ask.Decisions = append(ask.Decisions, &verifierv1.MemberDecision{
			CaseRef: ref, Outcome: outcome, ReasonCode: reason, Note: t.Form.Get("note." + ref),
		})
	}
	if len(t.Form.Wrong) > 0 {
		return c.ShowWith(422, familyDecision(c, t))
	}
	_, err = p.Cases.DecideFamily(c.Context(), ask)
	if t.Form.Kept(c, err) {
		return c.ShowWith(422, familyDecision(c, t))
	}
	if err != nil {
		return err
	}
	return c.Done(caseOf(c), "family.done")
}
