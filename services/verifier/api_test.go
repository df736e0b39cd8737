package verifier

import (
	"slices"
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
	second := DefaultAgencies()[2]
	second.Name, second.DID = "other-bank", "did:web:other-bank.example"
	if wrong(Config{Agencies: append(DefaultAgencies(), second)}) != 0 {
		t.Error("two banks may not share a service")
	}
	second.Kind = "school"
	if wrong(Config{Agencies: append(DefaultAgencies(), second)}) != 1 {
		t.Error("a school reads as the bank")
	}
	early := DefaultAgencies()
	early[1].EarlyPurpose = "curiosity"
	if wrong(Config{Agencies: early}) != 1 {
		t.Error("an agency reads early, and nothing in particular")
	}
	early[1].EarlyPurpose, early[1].EarlyClaims = early[1].Purpose, []string{"given_name"}
	if wrong(Config{Agencies: early}) != 1 {
		t.Error("one purpose reads before and after the decision")
	}
}

func TestServiceDoesNotStartWithoutAPaymentProvider(t *testing.T) {
	for address, ok := range map[string]bool{"": false, "http://pay.example": false, "http://127.0.0.1:8090/payments": true, "https://pay.example": true, "ftp://pay.example": false} {
		c := Config{Payments: Payments{URL: address}}
		c.Development = true
		got := true
		for _, v := range c.Validate() {
			got = got && v.Field != "payments.url"
		}
		if got != ok {
			t.Errorf("%q is taken: %v", address, got)
		}
	}
	c := Config{Payments: Payments{URL: "http://127.0.0.1:8090/payments"}}
	if !slices.ContainsFunc(c.Validate(), func(v fault.Violation) bool { return v.Field == "payments.url" }) {
		t.Error("a stand-in is taken in production")
	}
}

func TestOfficersRPCsFollowACaseThroughItsLife(t *testing.T) {
	r := newRig(t)
	officer := rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleOfficer, Subject: "officer-1", TokenHash: "hash"})
	cases := &api.Cases{Desk: r.Desk}
	expect := func(c *verifierv1.Case, err error, state verifierv1.CaseState, outcome verifierv1.CaseOutcome) {
		t.Helper()
		r.must(err)
		if c.GetState() != state || c.GetOutcome() != outcome {
			t.Errorf("got %s, %s, want %s, %s", c.GetState(), c.GetOutcome(), state, outcome)
		}
	}
	w := r.newWorker("off_1", nil)
	caseRef, _, err := w.apply()
	r.must(err)
	got, err := cases.GetCase(officer, &verifierv1.GetCaseRequest{CaseRef: caseRef})
	expect(got.GetCase(), err, verifierv1.CaseState_CASE_STATE_FEE_DUE, verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT)
	if fee := got.GetCase().GetFee(); fee.GetAmount() != 630000 || fee.GetCurrency() != "NOK" || fee.GetSource() == "" || fee.GetPaidAt() != nil {
		t.Errorf("fee %v", fee)
	}
	r.pay(caseRef)
	refused, err := cases.DecideCase(officer, &verifierv1.DecideCaseRequest{CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED, ReasonCode: "SALARY_TOO_LOW"})
	expect(refused.GetCase(), err, verifierv1.CaseState_CASE_STATE_REFUSED, verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED)
	if refused.GetCase().GetAppealDeadline() == nil || refused.GetCase().GetReasonCode() != "SALARY_TOO_LOW" || refused.GetCase().GetFee().GetPaidAt() == nil {
		t.Errorf("got %v", refused.GetCase())
	}
	appealed, err := cases.AppealCase(officer, &verifierv1.AppealCaseRequest{CaseRef: caseRef, Grounds: "The pay was raised."})
	expect(appealed.GetCase(), err, verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED, verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED)
	_, err = cases.DecideAppeal(officer, &verifierv1.DecideAppealRequest{CaseRef: caseRef, Ruling: verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED})
	r.refused(err, fault.Invalid, "appeal.ruling")
	forwarded, err := cases.ForwardToUne(officer, &verifierv1.ForwardToUneRequest{CaseRef: caseRef})
	expect(forwarded.GetCase(), err, verifierv1.CaseState_CASE_STATE_FORWARDED_TO_UNE, verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED)
	_, err = cases.RecordUneDecision(officer, &verifierv1.RecordUneDecisionRequest{CaseRef: caseRef, Ruling: verifierv1.AppealRuling_APPEAL_RULING_REVERSED})
	r.refused(err, fault.Invalid, "appeal.ruling")
	reversed, err := cases.RecordUneDecision(officer, &verifierv1.RecordUneDecisionRequest{CaseRef: caseRef, Ruling: verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED})
	expect(reversed.GetCase(), err, verifierv1.CaseState_CASE_STATE_DECIDED, verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED)
	if c := reversed.GetCase(); len(c.GetDecisions()) != 2 || c.GetDecisions()[1].GetOfferHash() != r.hashOf(w.offer) || c.GetAppeal().GetState() != verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED || c.GetAppealDeadline() != nil {
		t.Errorf("got %v", c)
	}
	r.must(r.tell("issuer", "offer.withdrawn", "off_1", r.Now()))
	halted, err := cases.ListCases(officer, &verifierv1.ListCasesRequest{State: verifierv1.CaseState_CASE_STATE_HALTED})
	r.must(err)
	if len(halted.GetCases()) != 1 || len(halted.GetCases()[0].GetCauses()) != 1 || halted.GetCases()[0].GetCauses()[0] != "OFFER_WITHDRAWN" {
		t.Errorf("got %v", halted)
	}
	resumed, err := cases.ResumeCase(officer, &verifierv1.ResumeCaseRequest{CaseRef: caseRef})
	expect(resumed.GetCase(), err, verifierv1.CaseState_CASE_STATE_DECIDED, verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED)
	r.must(r.tellOf("tax", "onboarding.stopped", caseRef, r.Now(), map[string]any{"cause": "OFFER_WITHDRAWN"}))
	revoked, err := cases.RevokePermit(officer, &verifierv1.RevokePermitRequest{CaseRef: caseRef, ReasonCode: "FORGED_DOCUMENTS"})
	expect(revoked.GetCase(), err, verifierv1.CaseState_CASE_STATE_REVOKED, verifierv1.CaseOutcome_CASE_OUTCOME_REVOKED)
	told := map[string]string{}
	for _, step := range revoked.GetCase().GetTimeline() {
		told[step.GetName()] = step.GetCause()
		if step.GetEventId() == "" {
			t.Errorf("%s was told by no event", step.GetName())
		}
	}
	if told["onboarding.stopped"] != "OFFER_WITHDRAWN" || told["case.halted"] != "OFFER_WITHDRAWN" || told["permit.revoked"] != "FORGED_DOCUMENTS" {
		t.Errorf("timeline %v", told)
	}
	replay, err := cases.ReplayCase(officer, &verifierv1.ReplayCaseRequest{CaseRef: caseRef})
	r.must(err)
	if !replay.GetSame() || replay.GetInputsHash() != revoked.GetCase().GetDecisions()[0].GetInputsHash() || len(replay.GetRules()) == 0 {
		t.Errorf("got %v", replay)
	}
	other, _, err := r.newWorker("off_2", nil).paid()
	r.must(err)
	withdrawn, err := cases.WithdrawApplication(officer, &verifierv1.WithdrawApplicationRequest{CaseRef: other})
	expect(withdrawn.GetCase(), err, verifierv1.CaseState_CASE_STATE_WITHDRAWN, verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT)
	third, _, err := r.newWorker("off_3", nil).paid()
	r.must(err)
	fourth, _, err := r.newWorker("off_4", nil).paid()
	r.must(err)
	family, err := cases.LinkFamily(officer, &verifierv1.LinkFamilyRequest{Members: []*verifierv1.FamilyMember{
		{CaseRef: third, Relation: verifierv1.FamilyRelation_FAMILY_RELATION_REFERENCE_PERSON},
		{CaseRef: fourth, Relation: verifierv1.FamilyRelation_FAMILY_RELATION_COHABITANT},
	}})
	r.must(err)
	both, err := cases.DecideFamily(officer, &verifierv1.DecideFamilyRequest{FamilyId: family.GetFamilyId(), Decisions: []*verifierv1.MemberDecision{
		{CaseRef: third, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED},
		{CaseRef: fourth, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED, ReasonCode: "IDENTITY_DOUBT"},
	}})
	r.must(err)
	if len(both.GetCases()) != 2 || both.GetCases()[0].GetState() != verifierv1.CaseState_CASE_STATE_DECIDED || both.GetCases()[1].GetState() != verifierv1.CaseState_CASE_STATE_REFUSED || both.GetCases()[0].GetFamilyId() == "" {
		t.Errorf("got %v", both)
	}
}

func TestEveryMethodIsForOfficers(t *testing.T) {
	policy := api.Policy()
	for _, method := range verifierv1.CaseService_ServiceDesc.Methods {
		name := "/" + verifierv1.CaseService_ServiceDesc.ServiceName + "/" + method.MethodName
		if roles := policy.Roles[name]; len(roles) != 1 || roles[0] != api.RoleOfficer {
			t.Errorf("%s is for %v", name, roles)
		}
	}
}
