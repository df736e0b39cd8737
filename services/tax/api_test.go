package tax

import (
	"context"
	"testing"
	"time"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/api"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
)

// short is the view of one person in every case, with a permit of four months and
// another passport each time.
type short struct{}

func (short) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	view.Permit.ValidUntil = view.Permit.ValidFrom.AddDate(0, 4, 0)
	view.Claims = append(view.Claims, onboarding.Claim{Path: "passport.document_number", Value: "12345" + caseRef[5:]}, onboarding.Claim{Path: "passport.issuing_country", Value: "US"})
	return view, nil
}

type served struct {
	h        *harness.Harness
	desk     *desk.Desk
	clerk    *api.Registrations
	internal *api.Identifiers
}

func serve(t *testing.T) *served {
	t.Helper()
	h, d := newDesk(t, ownRegister(t), short{}, nil, runner.NewBell())
	return &served{h, d, &api.Registrations{Desk: d}, &api.Identifiers{Desk: d}}
}

func (s *served) work(t *testing.T) {
	t.Helper()
	for idle := 0; idle < 2; {
		busy := false
		for _, step := range []func(context.Context) (bool, error){s.desk.Cases.Step, s.desk.SendStep, s.desk.ReadStep} {
			did, err := step(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			busy = busy || did
		}
		if idle++; busy {
			idle = 0
		}
		s.h.Clock.Pass(time.Second)
	}
}

// identified brings a case to where the register has answered.
func (s *served) identified(t *testing.T, caseRef string) {
	t.Helper()
	err := s.h.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for producer, event := range map[string]eventbus.Event{
			"verifier": {Type: eventbus.TypeOf("decision.made"), Data: map[string]any{"outcome": "GRANTED"}},
			"police":   {Type: eventbus.TypeOf("identity.verified"), Data: map[string]any{"performed_at": "2026-11-23T09:00:00Z", "level": "IN_PERSON"}},
		} {
			event.Case = caseRef
			if err := inbox.Handlers(s.desk)[producer][event.Name()](t.Context(), tx, &event); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.work(t)
}

func (s *served) get(t *testing.T, caseRef string) *taxv1.Registration {
	t.Helper()
	answer, err := s.clerk.GetRegistration(t.Context(), &taxv1.GetRegistrationRequest{CaseRef: caseRef})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetRegistration()
}

func TestClerkResolvesReplacesAndRecords(t *testing.T) {
	s := serve(t)
	s.identified(t, "case_1")
	first := s.get(t, "case_1")
	if first.GetState() != taxv1.RegistrationState_REGISTRATION_STATE_ASSIGNED || first.GetIdentifierType() != taxv1.IdentifierType_IDENTIFIER_TYPE_D_NUMBER ||
		first.GetOrigin() != taxv1.IdentifierOrigin_IDENTIFIER_ORIGIN_ASSIGNED || first.GetTaxCardYear() != "2026" || !first.GetTaxCard().GetDeduction().GetAtSource() {
		t.Fatal(first)
	}

	// The same name and birth date with another passport.
	s.identified(t, "case_2")
	queued := s.get(t, "case_2")
	if queued.GetState() != taxv1.RegistrationState_REGISTRATION_STATE_QUEUED || queued.GetQueueReason() != taxv1.QueueReason_QUEUE_REASON_POSSIBLE_DUPLICATE ||
		queued.GetQueueDeadline() == nil || queued.GetIdentifier() != "" {
		t.Fatal(queued)
	}
	for _, none := range []*taxv1.ResolveDuplicateRequest{
		{CaseRef: "case_2"}, {CaseRef: "case_2", Decision: &taxv1.ResolveDuplicateRequest_AnotherPerson{}}, {CaseRef: "case_2", Decision: &taxv1.ResolveDuplicateRequest_Refuse{}},
	} {
		if _, err := s.clerk.ResolveDuplicate(t.Context(), none); fault.RuleOf(err) != "registration.resolution" {
			t.Errorf("%v: %v", none, err)
		}
	}
	same := &taxv1.ResolveDuplicateRequest{CaseRef: "case_2", Decision: &taxv1.ResolveDuplicateRequest_ExistingIdentifier{ExistingIdentifier: first.GetIdentifier()}}
	if _, err := s.clerk.ResolveDuplicate(t.Context(), same); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	if got := s.get(t, "case_2"); got.GetIdentifier() != first.GetIdentifier() || got.GetOrigin() != taxv1.IdentifierOrigin_IDENTIFIER_ORIGIN_EXISTING {
		t.Error(got)
	}

	if _, err := s.clerk.ReplaceIdentifier(t.Context(), &taxv1.ReplaceIdentifierRequest{CaseRef: "case_1"}); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	replaced := s.get(t, "case_1")
	if replaced.GetIdentifierType() != taxv1.IdentifierType_IDENTIFIER_TYPE_FNR || replaced.GetIdentifier() == first.GetIdentifier() || len(replaced.GetFormerTypes()) != 1 {
		t.Error(replaced)
	}

	for rule, req := range map[string]*taxv1.RecordTaxCardRequest{
		"registration.card":      {CaseRef: "case_1", IncomeYear: "26", Deduction: &taxv1.Deduction{Percent: 30}},
		"registration.deduction": {CaseRef: "case_1", IncomeYear: "2027"},
		"registration.unknown":   {CaseRef: "case_9", IncomeYear: "2027", Deduction: &taxv1.Deduction{Percent: 30}},
	} {
		if _, err := s.clerk.RecordTaxCard(t.Context(), req); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	card, err := s.clerk.RecordTaxCard(t.Context(), &taxv1.RecordTaxCardRequest{CaseRef: "case_1", IncomeYear: "2027", Deduction: &taxv1.Deduction{Table: "8140", Percent: 43, Months: 12}})
	if err != nil || card.GetTaxCard().GetIncomeYear() != "2027" || card.GetTaxCard().GetCardId() <= replaced.GetTaxCard().GetCardId() {
		t.Fatal(card, err)
	}
	s.work(t)
	if got := s.get(t, "case_1").GetTaxCard(); got.GetCardId() != card.GetTaxCard().GetCardId() || got.GetDeduction().GetTable() != "8140" {
		t.Error("the recorded card did not stay", got)
	}
}

func TestListsHoldNoIdentifiers(t *testing.T) {
	s := serve(t)
	s.identified(t, "case_1")
	for _, state := range []taxv1.RegistrationState{taxv1.RegistrationState_REGISTRATION_STATE_UNSPECIFIED, taxv1.RegistrationState_REGISTRATION_STATE_ASSIGNED} {
		list, err := s.clerk.ListRegistrations(t.Context(), &taxv1.ListRegistrationsRequest{State: state})
		if err != nil || len(list.GetRegistrations()) != 1 || list.GetRegistrations()[0].GetIdentifier() != "" {
			t.Errorf("%s: %v %v", state, list, err)
		}
	}
	list, err := s.clerk.ListRegistrations(t.Context(), &taxv1.ListRegistrationsRequest{State: taxv1.RegistrationState_REGISTRATION_STATE_QUEUED})
	if err != nil || len(list.GetRegistrations()) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestIdentifierIsToldToAServiceWithACertificate(t *testing.T) {
	s := serve(t)
	s.identified(t, "case_1")
	req := &taxv1.GetIdentifierRequest{CaseRef: "case_1", Purpose: "account-opening"}
	if _, err := s.internal.GetIdentifier(t.Context(), req); fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	bank := rpc.WithCaller(t.Context(), "bank.internal.kompetansespor.example")
	old, err := s.internal.GetIdentifier(bank, req)
	if err != nil || old.GetIdentifier() != s.get(t, "case_1").GetIdentifier() || len(old.GetFormerIdentifiers()) != 0 {
		t.Fatal(old, err)
	}
	if holders := s.get(t, "case_1").GetHolders(); len(holders) != 1 || !holders[0].GetCurrent() || holders[0].GetName() != "bank.internal.kompetansespor.example" {
		t.Error(holders)
	}
	if _, err := s.clerk.ReplaceIdentifier(t.Context(), &taxv1.ReplaceIdentifierRequest{CaseRef: "case_1"}); err != nil {
		t.Fatal(err)
	}
	s.work(t)
	if holders := s.get(t, "case_1").GetHolders(); len(holders) != 1 || holders[0].GetCurrent() {
		t.Error("who holds the old number is not seen", holders)
	}
	now, err := s.internal.GetIdentifier(bank, req)
	if err != nil || now.GetIdentifier() == old.GetIdentifier() || len(now.GetFormerIdentifiers()) != 1 || now.GetFormerIdentifiers()[0].GetIdentifier() != old.GetIdentifier() {
		t.Error(now, err)
	}
}
