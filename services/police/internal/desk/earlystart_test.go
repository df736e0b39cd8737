package desk_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

var asked = desk.Asked{CaseRef: "case_1", By: desk.Officer{Subject: "officer-1"}, HigherEducationYears: 3, PoliceCheckDone: true}

func work(municipality string) func(*onboarding.View) {
	return claim("employment", map[string]any{"workplace_municipality": municipality})
}

func TestEarlyStartIsConfirmedOnce(t *testing.T) {
	p := open(t)
	p.spoil = work("5501") // Tromsø
	first, conditions, err := p.ConfirmEarlyStart(t.Context(), asked)
	if err != nil || first.Employer != "310000019" || len(conditions) != 8 {
		t.Fatal(first, err)
	}
	p.Clock.Pass(time.Hour)
	p.viewErr = fault.New(fault.Conflict, "case.decided", "decided meanwhile")
	second, _, err := p.ConfirmEarlyStart(t.Context(), asked)
	if err != nil || !second.At.Equal(first.At) || second.Employer != first.Employer {
		t.Error(second, err)
	}
	p.happened(t, "earlystart.confirmed")
	if got := p.data(t, "earlystart.confirmed"); !reflect.DeepEqual(got, map[string]any{"organisation_number": "310000019"}) {
		t.Error(got)
	}
	p.viewErr = nil
	p.granted(t, "case_1")
	p.happened(t, "earlystart.confirmed", "appointment.booked")
}

func TestEarlyStartIsNotConfirmedWhenAConditionIsNotMet(t *testing.T) {
	for id, c := range map[string]struct {
		spoil func(*onboarding.View)
		err   error
		ask   func(*desk.Asked)
	}{
		"HIGHER_EDUCATION":      {spoil: work("5501"), ask: func(a *desk.Asked) { a.HigherEducationYears = 2 }},
		"POLICE_CHECK_DONE":     {spoil: work("5501"), ask: func(a *desk.Asked) { a.PoliceCheckDone = false }},
		"EMPLOYER_NOT_EXCLUDED": {spoil: work("5501"), ask: func(a *desk.Asked) { a.EmployerExcluded = true }},
		"NOT_AT_EMBASSY":        {spoil: work("5501"), ask: func(a *desk.Asked) { a.AtEmbassy = true }},
		"NOT_SENT_TO_UDI":       {spoil: work("5501"), ask: func(a *desk.Asked) { a.SentToUDI = true }},
		"NOT_AT_SUA":            {spoil: work("0301")},
		"BOUND_TO_EMPLOYER": {spoil: func(v *onboarding.View) {
			work("5501")(v)
			claim("employer.organisation_number", nil)(v)
		}},
	} {
		p := open(t)
		p.spoil, p.viewErr = c.spoil, c.err
		in := asked
		if c.ask != nil {
			c.ask(&in)
		}
		_, _, err := p.ConfirmEarlyStart(t.Context(), in)
		f := fault.From(err)
		if f.Rule != "earlystart.not-met" || len(f.Violations) != 1 || f.Violations[0].Field != id {
			t.Errorf("%s: %v", id, err)
		}
		p.happened(t)
	}
}

func TestRecognisedEducationNeedsNoWordOfTheOfficer(t *testing.T) {
	p := open(t)
	p.spoil = func(v *onboarding.View) {
		work("5501")(v)
		claim("norwegian_level", "BACHELOR")(v)
	}
	in := asked
	in.HigherEducationYears = 0
	if _, _, err := p.ConfirmEarlyStart(t.Context(), in); err != nil {
		t.Error(err)
	}
}

func TestEarlyStartAsksUDIAndEndsWithTheDecision(t *testing.T) {
	p := open(t)
	p.spoil = work("5501")
	p.viewErr = fault.New(fault.Conflict, "view.not-complete", "the fee is not paid")
	_, _, err := p.ConfirmEarlyStart(t.Context(), asked)
	found := false
	for _, v := range fault.From(err).Violations {
		found = found || v.Field == "APPLICATION_COMPLETE"
	}
	if fault.RuleOf(err) != "earlystart.not-met" || !found {
		t.Error(err)
	}
	for _, kind := range []fault.Kind{fault.Unavailable, fault.Denied, fault.NotFound} {
		p.viewErr = fault.New(kind, "view.x", "x")
		if _, _, err := p.ConfirmEarlyStart(t.Context(), asked); fault.KindOf(err) != kind {
			t.Error(err)
		}
	}
	p.viewErr = nil
	p.take(t, "case_1", "decision.made", map[string]any{"outcome": "REFUSED"})
	if _, _, err := p.ConfirmEarlyStart(t.Context(), asked); fault.RuleOf(err) != "earlystart.decided" {
		t.Error(err)
	}
	p.happened(t)
}
