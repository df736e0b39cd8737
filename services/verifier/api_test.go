package verifier

import (
	"strings"
	"testing"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
)

func TestViewCarriesClaimsAsTheCredentialHasThem(t *testing.T) {
	r := newRig(t)
	caseRef, capability, _ := r.granted("off_1")
	out, err := (&api.Views{Desk: r.Desk}).GetView(rpc.WithCaller(t.Context(), taxCall), &verifierv1.GetViewRequest{CaseRef: caseRef, Purpose: "identifier-assignment"})
	r.must(err)
	values := map[string]any{}
	for _, c := range out.GetView().GetClaims() {
		values[c.GetPath()] = c.GetValue().AsInterface()
	}
	salary, _ := values["employment.annual_salary"].(map[string]any)
	if salary["amount"] != 634700.0 || values["sex"] != 2.0 || values["given_name"] != "Lisa" {
		t.Errorf("got %v", values)
	}
	if p := out.GetView().GetPermit(); p.GetValidFrom() != "2026-03-01" || p.GetValidUntil() != "2028-03-01" || p.GetResidentRegistration() != "FNR" {
		t.Errorf("got %v", p)
	}
	if _, err := (&api.Views{Desk: r.Desk}).GetView(t.Context(), &verifierv1.GetViewRequest{CaseRef: caseRef}); fault.KindOf(err) != fault.Denied {
		t.Errorf("a caller without a certificate got %v", err)
	}
	log, err := (&api.AccessLog{Desk: r.Desk}).ListAccess(t.Context(), &verifierv1.ListAccessRequest{CaseRef: caseRef, AccessCapability: capability, PageSize: 1})
	r.must(err)
	if len(log.GetRows()) != 1 || len(log.GetRows()[0].GetRowHash()) != 32 || log.GetNextPageToken() != "" {
		t.Errorf("got %v", log)
	}
}

func TestOfficerSeesRulesAndTimeline(t *testing.T) {
	r := newRig(t)
	caseRef, _, err := r.newWorker("off_1", nil).paid()
	r.must(err)
	officer := rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleOfficer, Subject: "officer-1", TokenHash: "hash"})
	cases := &api.Cases{Desk: r.Desk}
	_, err = cases.DecideCase(officer, &verifierv1.DecideCaseRequest{CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT})
	r.refused(err, fault.Invalid, "case.outcome")
	_, err = cases.DecideCase(officer, &verifierv1.DecideCaseRequest{CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED, Note: strings.Repeat("å", 2001)})
	r.refused(err, fault.Invalid, "request.invalid")
	out, err := cases.DecideCase(officer, &verifierv1.DecideCaseRequest{CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED, Note: strings.Repeat("å", 2000)})
	r.must(err)
	c := out.GetCase()
	if c.GetState() != verifierv1.CaseState_CASE_STATE_DECIDED || c.GetOutcome() != verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED || c.GetDecidedAt() == nil || c.GetCompletedAt() != nil {
		t.Errorf("got %v", c)
	}
	for _, rule := range c.GetRules() {
		want := verifierv1.RuleOutcome_RULE_OUTCOME_MET
		if strings.HasPrefix(rule.GetId(), "automatic.") {
			want = verifierv1.RuleOutcome_RULE_OUTCOME_DISCRETIONARY // no credential answers it
		}
		if rule.GetOutcome() != want || rule.GetText() == "" || rule.GetLegalReference() == "" || rule.GetVersion() == "" {
			t.Errorf("got %v", rule)
		}
	}
	steps := c.GetTimeline()
	if len(c.GetRules()) == 0 || len(steps) != 3 || steps[0].GetName() != "application.submitted" || steps[0].GetTimeClass() != commonv1.TimeClass_TIME_CLASS_CANDIDATE ||
		steps[2].GetEventType() != "no.kompetansespor.decision.made.v1" || steps[2].GetEventId() == "" {
		t.Errorf("got %v", steps)
	}
	list, err := cases.ListCases(officer, &verifierv1.ListCasesRequest{OfferId: "off_1"})
	r.must(err)
	if len(list.GetCases()) != 1 || len(list.GetCases()[0].GetRules()) != 0 {
		t.Errorf("got %v", list)
	}
}

func TestAgenciesOfTheConfigurationAreCompleteAndDistinct(t *testing.T) {
	wrong := func(c Config) (n int) {
		for _, v := range c.Validate() {
			if strings.HasPrefix(v.Field, "agencies") {
				n++
			}
		}
		return n
	}
	c := Config{}
	c.Validate()
	if len(c.Agencies) != 3 || c.ChallengeLifetime != defaultChallengeLifetime || wrong(c) != 0 {
		t.Errorf("defaults %+v", c.Agencies)
	}
	if wrong(Config{Agencies: []Agency{{Name: "bank", Caller: "bank.example", DID: "did:web:bank.example"}}}) != 0 {
		t.Error("the bank's purpose and claims have no default")
	}
	if wrong(Config{Agencies: []Agency{{Name: "school", Caller: "s.example", DID: "did:web:s.example"}}}) != 1 {
		t.Error("an agency that may read nothing in particular is taken")
	}
	if wrong(Config{Agencies: append(DefaultAgencies(), DefaultAgencies()[0])}) != 1 {
		t.Error("an agency is taken twice")
	}
}
