package web

import (
	"context"
	"slices"
	"strings"

	"github.com/a-h/templ"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// file is a case as its page shows it.
type file struct {
	*verifierv1.Case
	Shown *verifierv1.ReadCaseFileResponse
}

// show shows a case on one page. Reading it stands in the access log.
func (p *Pages) show(c *page.Call) error {
	one, err := p.read(c.Context(), c.Path("case"))
	if err != nil {
		return err
	}
	shown, err := p.Cases.ReadCaseFile(c.Context(), &verifierv1.ReadCaseFileRequest{CaseRef: one.GetCaseRef()})
	if err != nil {
		return err
	}
	return c.Show(showCase(c, file{one, shown}))
}

func (p *Pages) read(ctx context.Context, ref string) (*verifierv1.Case, error) {
	answer, err := p.Cases.GetCase(ctx, &verifierv1.GetCaseRequest{CaseRef: ref})
	return answer.GetCase(), err
}

// live streams how the case stands, and nothing personal.
func (p *Pages) live(c *page.Call) error {
	ref := c.Path("case")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		one, err := p.read(ctx, ref)
		if err != nil {
			return nil, err
		}
		return standing(c, one), nil
	})
}

func outcomeKey(o verifierv1.CaseOutcome) string {
	return strings.ToLower(strings.TrimPrefix(o.String(), "CASE_OUTCOME_"))
}

func ruleKey(o verifierv1.RuleOutcome) string {
	return strings.ToLower(strings.TrimPrefix(o.String(), "RULE_OUTCOME_"))
}

func ruleColor(o verifierv1.RuleOutcome) string {
	switch o {
	case verifierv1.RuleOutcome_RULE_OUTCOME_MET:
		return "success"
	case verifierv1.RuleOutcome_RULE_OUTCOME_NOT_MET:
		return "danger"
	}
	return "warning"
}

func relationKey(r verifierv1.FamilyRelation) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "FAMILY_RELATION_"))
}

func standingKey(s verifierv1.IssuerStanding) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ISSUER_STANDING_"))
}

// byUrgency are the rules, those that an officer must look at first.
func byUrgency(rules []*verifierv1.CaseRule) []*verifierv1.CaseRule {
	order := []verifierv1.RuleOutcome{
		verifierv1.RuleOutcome_RULE_OUTCOME_NOT_MET, verifierv1.RuleOutcome_RULE_OUTCOME_DISCRETIONARY, verifierv1.RuleOutcome_RULE_OUTCOME_MET,
	}
	sorted := slices.Clone(rules)
	slices.SortStableFunc(sorted, func(a, b *verifierv1.CaseRule) int {
		return slices.Index(order, a.GetOutcome()) - slices.Index(order, b.GetOutcome())
	})
	return sorted
}

// timeline is what has happened, at every agency, oldest first.
func timeline(c *page.Call, steps []*commonv1.TimelineStep) (all []page.Step) {
	for _, one := range steps {
		all = append(all, page.Step{
			Title: stepName(c, one.GetName()), State: "done",
			When: c.Moment(one.GetAt()) + " · " + c.T("agency."+one.GetService()) + " · " + c.T("class."+classKey(one.GetTimeClass())),
		})
	}
	return all
}

// stepName is a step in words; one that has none is shown as it is.
func stepName(c *page.Call, name string) string {
	if key := "step." + name; c.Portal.Texts.Has(key) {
		return c.T(key)
	}
	return name
}

func classKey(class commonv1.TimeClass) string {
	return strings.ToLower(strings.TrimPrefix(class.String(), "TIME_CLASS_"))
}

// can says what an officer may do with a case as it stands.
type can struct{ Decide, Appeal, Forward, UNE, Revoke, Resume, Withdraw, Paper bool }

func abilities(one *verifierv1.Case) can {
	s := one.GetState()
	return can{
		Decide: s == verifierv1.CaseState_CASE_STATE_OPEN && one.GetFamilyId() == "",
		Paper:  s == verifierv1.CaseState_CASE_STATE_REFUSED && one.GetAppeal() == nil,
		Appeal: s == verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED,
		UNE:    s == verifierv1.CaseState_CASE_STATE_FORWARDED_TO_UNE,
		Revoke: s == verifierv1.CaseState_CASE_STATE_DECIDED || s == verifierv1.CaseState_CASE_STATE_COMPLETED || s == verifierv1.CaseState_CASE_STATE_HALTED,
		// What stops a case, or would stop a grant.
		Resume: s == verifierv1.CaseState_CASE_STATE_HALTED || s == verifierv1.CaseState_CASE_STATE_OPEN && len(one.GetCauses()) > 0,
		Withdraw: s == verifierv1.CaseState_CASE_STATE_OPEN || s == verifierv1.CaseState_CASE_STATE_FEE_DUE ||
			s == verifierv1.CaseState_CASE_STATE_AWAITING_NEW_OFFER,
	}
}
