package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	commonv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/common/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// encode writes a case as a list shows it.
func (s *Cases) encode(r desk.Record) *verifierv1.Case {
	evaluation, decision, fee := r.Case.Evaluation(), r.Case.Decision(), r.Case.Fee()
	out := &verifierv1.Case{
		CaseRef: r.Case.ID(), CaseNumber: r.Case.Number(), DufNumber: r.Case.DUF(), State: state(r.Case), Outcome: outcome(r.Case),
		Flags: append(append([]string{}, evaluation.Flags...), evaluation.Warnings...), OpenedAt: timestamppb.New(r.OpenedAt),
		DecidedAt: wire.Instant(decision.At), OfferId: r.OfferID, ReasonCode: reason(r.Case), FamilyId: r.Family,
		Fee: &verifierv1.CaseFee{Amount: fee.Amount, Currency: fee.Currency, Source: fee.Source, PaidAt: wire.Instant(fee.PaidAt)},
	}
	for _, cause := range r.Case.Causes() {
		out.Causes = append(out.Causes, string(cause))
	}
	if appeal := r.Case.Appeal(); appeal.ID != "" {
		out.Appeal = &verifierv1.CaseAppeal{State: rulings[appeal.State], ReceivedAt: timestamppb.New(appeal.ReceivedAt), Late: appeal.Late}
	}
	if decision.Outcome == casefile.Refused {
		if deadline, err := s.Desk.AppealDeadline(decision.At); err == nil {
			out.AppealDeadline = timestamppb.New(deadline)
		}
	}
	for _, step := range r.Case.Timeline() {
		if step.Step == casefile.CaseCompleted {
			out.CompletedAt = timestamppb.New(step.At)
		}
	}
	return out
}

// whole adds the rules, the timeline and the decisions.
func (s *Cases) whole(ctx context.Context, r desk.Record) (*verifierv1.Case, error) {
	out := s.encode(r)
	evaluation := r.Case.Evaluation()
	out.Rules = s.rules(evaluation)
	told := map[casefile.Step]desk.Step{}
	for _, step := range r.Steps {
		told[step.Step] = step
	}
	for _, step := range r.Case.Timeline() {
		event := told[step]
		out.Timeline = append(out.Timeline, &commonv1.TimelineStep{
			Name: desk.StepName(step), Service: step.Service, At: timestamppb.New(step.At),
			TimeClass: wire.TimeClass(eventbus.TimeClass(step.TimeClass)), EventId: event.EventID, EventType: event.EventType, Cause: step.Cause,
		})
	}
	decisions, err := s.Desk.Decisions(ctx, r.Case.ID())
	if err != nil {
		return nil, err
	}
	for _, d := range decisions {
		out.Decisions = append(out.Decisions, &verifierv1.CaseDecision{
			DecisionId: d.ID, Outcome: outcomes[d.Outcome], DecidedBy: d.Officer, ReasonCode: d.Reason, DecidedAt: timestamppb.New(d.At),
			Together: d.Together, RuleSet: d.RuleSet, InputsHash: d.InputsHash, PresentationHash: d.Basis.PresentationHash,
			ConsentHash: d.Basis.ConsentHash, OfferHash: d.Basis.OfferHash, CredentialIds: d.Basis.Credentials,
		})
	}
	return out, nil
}

// rules writes what each rule found, with the text that it had then.
func (s *Cases) rules(e ruleset.Evaluation) (out []*verifierv1.CaseRule) {
	set, err := ruleset.Load(e.RuleSet)
	if err != nil {
		set = s.Desk.Rules
	}
	for _, result := range e.Results {
		texts, _ := set.Texts(result.ID)
		out = append(out, &verifierv1.CaseRule{
			Id: result.ID, LegalReference: result.LegalReference, Outcome: found[result.Result], Text: texts.EN, Version: e.RuleSet,
			Texts: map[string]string{"nb": texts.NB, "nn": texts.NN, "en": texts.EN},
		})
	}
	return out
}

var found = map[ruleset.Result]verifierv1.RuleOutcome{
	ruleset.Passed:  verifierv1.RuleOutcome_RULE_OUTCOME_MET,
	ruleset.Failed:  verifierv1.RuleOutcome_RULE_OUTCOME_NOT_MET,
	ruleset.Officer: verifierv1.RuleOutcome_RULE_OUTCOME_DISCRETIONARY,
}

var outcomes = map[casefile.State]verifierv1.CaseOutcome{
	casefile.Granted: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED,
	casefile.Refused: verifierv1.CaseOutcome_CASE_OUTCOME_REFUSED,
	casefile.Revoked: verifierv1.CaseOutcome_CASE_OUTCOME_REVOKED,
}

var rulings = map[casefile.AppealState]verifierv1.AppealRuling{
	casefile.AppealLodged:       verifierv1.AppealRuling_APPEAL_RULING_RECEIVED,
	casefile.AppealRejectedLate: verifierv1.AppealRuling_APPEAL_RULING_REJECTED_LATE,
	casefile.AppealReversed:     verifierv1.AppealRuling_APPEAL_RULING_REVERSED,
	casefile.AppealForwarded:    verifierv1.AppealRuling_APPEAL_RULING_FORWARDED_TO_UNE,
	casefile.AppealUNEReversed:  verifierv1.AppealRuling_APPEAL_RULING_UNE_REVERSED,
	casefile.AppealUNEUpheld:    verifierv1.AppealRuling_APPEAL_RULING_UNE_UPHELD,
}

var states = map[casefile.State]verifierv1.CaseState{
	casefile.FeeDue:           verifierv1.CaseState_CASE_STATE_FEE_DUE,
	casefile.Received:         verifierv1.CaseState_CASE_STATE_OPEN,
	casefile.Proposed:         verifierv1.CaseState_CASE_STATE_OPEN,
	casefile.AwaitingNewOffer: verifierv1.CaseState_CASE_STATE_AWAITING_NEW_OFFER,
	casefile.Granted:          verifierv1.CaseState_CASE_STATE_DECIDED,
	casefile.Halted:           verifierv1.CaseState_CASE_STATE_HALTED,
	casefile.Completed:        verifierv1.CaseState_CASE_STATE_COMPLETED,
	casefile.Revoked:          verifierv1.CaseState_CASE_STATE_REVOKED,
	casefile.Refused:          verifierv1.CaseState_CASE_STATE_REFUSED,
	casefile.AppealReceived:   verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED,
	casefile.ForwardedToUNE:   verifierv1.CaseState_CASE_STATE_FORWARDED_TO_UNE,
	casefile.UNEUpheld:        verifierv1.CaseState_CASE_STATE_UNE_UPHELD,
	casefile.Withdrawn:        verifierv1.CaseState_CASE_STATE_WITHDRAWN,
}

func state(c *casefile.Case) verifierv1.CaseState {
	if c.Undecided() && c.IsOfferWithdrawn() {
		return verifierv1.CaseState_CASE_STATE_WITHDRAWN
	}
	return states[c.State()]
}

func outcome(c *casefile.Case) verifierv1.CaseOutcome {
	switch {
	case c.State() == casefile.Revoked:
		return verifierv1.CaseOutcome_CASE_OUTCOME_REVOKED
	case c.Decision().ID != "":
		return outcomes[c.Decision().Outcome]
	}
	return proposal(c.Evaluation().Outcome)
}

func proposal(o ruleset.Outcome) verifierv1.CaseOutcome {
	if o == ruleset.ProposeGrant || o == ruleset.Grant {
		return verifierv1.CaseOutcome_CASE_OUTCOME_PROPOSE_GRANT
	}
	return verifierv1.CaseOutcome_CASE_OUTCOME_TO_CASEWORKER
}

// reason is that of the last refusal or revocation.
func reason(c *casefile.Case) string {
	decisions := c.Decisions()
	if len(decisions) == 0 {
		return ""
	}
	return decisions[len(decisions)-1].Reason
}
