package api_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"
	_ "time/tzdata" // machines without a zone database

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/structpb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/police/internal/api"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
)

// views gives each case a view with a workplace in Tromsø.
type views struct{}

func (views) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	view.Claims = append(view.Claims, onboarding.Claim{Path: "employment.workplace_municipality", Value: "5501"})
	return view, nil
}

type served struct {
	*harness.Harness
	desk         *desk.Desk
	appointments *api.Appointments
	cards        *api.Cards
	early        *api.EarlyStarts
	identities   *api.Identities
	officer      context.Context
}

func open(t *testing.T) *served {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	zone, err := time.LoadLocation(diary.TimeZone)
	must(err)
	offices, err := diary.LoadOffices(zone)
	must(err)
	policies, err := appointment.LoadPolicies()
	must(err)
	early, err := earlystart.Load()
	must(err)
	h := harness.Open(t, "police", onboarding.Migrations(), store.Migrations())
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Offices: offices, Sealer: h.Book.KeyStore()}, Issuer: h.Issuer, Outbox: h.Outbox, Clock: h.Clock, Random: rand.Reader,
		DID: h.DID, Offices: offices, Policies: policies, Early: early, EarlyViews: views{}, Office: "SUA-OSLO",
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: views{}, Verb: d.Settle, Sealer: h.Book.KeyStore(), Clock: h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	return &served{
		Harness: h, desk: d, appointments: &api.Appointments{Desk: d}, cards: &api.Cards{Desk: d}, early: &api.EarlyStarts{Desk: d},
		identities: &api.Identities{Desk: d}, officer: rpc.WithPrincipal(t.Context(), rpc.Principal{Role: api.RoleOfficer, Subject: "officer-1"}),
	}
}

func (s *served) event(t *testing.T, kind string, data map[string]any) {
	t.Helper()
	err := s.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return s.desk.Cases.Handlers()[kind](t.Context(), tx, &eventbus.Event{Case: "case_1", Data: data})
	})
	if err != nil {
		t.Fatal(err)
	}
	for busy := true; busy; {
		if busy, err = s.desk.Cases.Step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *served) list(t *testing.T) []*policev1.Appointment {
	t.Helper()
	page, err := s.appointments.ListAppointments(s.officer, &policev1.ListAppointmentsRequest{CaseRef: "case_1"})
	if err != nil {
		t.Fatal(err)
	}
	return page.GetAppointments()
}

func TestVisitFromBookingToLetterbox(t *testing.T) {
	s := open(t)
	s.event(t, "decision.made", map[string]any{"outcome": "GRANTED"})
	booked := s.list(t)
	if len(booked) != 1 || booked[0].GetState() != policev1.AppointmentState_APPOINTMENT_STATE_BOOKED || booked[0].GetOfficeId() != "TROMS" ||
		booked[0].GetBookedBy() != policev1.BookedBy_BOOKED_BY_DECISION || booked[0].GetBiometrics() != nil || booked[0].GetCard() != nil {
		t.Fatal(booked)
	}
	_, err := s.appointments.RecordNoShow(s.officer, &policev1.RecordNoShowRequest{AppointmentId: booked[0].GetAppointmentId()})
	if fault.RuleOf(err) != "appointment.not-yet" {
		t.Error(err)
	}
	moved, err := s.appointments.RebookAppointment(s.officer, &policev1.RebookAppointmentRequest{CaseRef: "case_1", OfficeId: "FINNMARK", NotBefore: booked[0].GetStart()})
	if err != nil || moved.GetAppointment().GetOfficeId() != "FINNMARK" || moved.GetAppointment().GetBookedBy() != policev1.BookedBy_BOOKED_BY_OFFICER {
		t.Fatal(moved, err)
	}
	_, err = s.appointments.RebookOwnAppointment(t.Context(), &policev1.RebookOwnAppointmentRequest{AppointmentId: moved.GetAppointment().GetAppointmentId(), CheckinCode: "guess"})
	if fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	name, err := structpb.NewValue("Elisabeth")
	if err != nil {
		t.Fatal(err)
	}
	attended, err := s.appointments.RecordAttendance(s.officer, &policev1.RecordAttendanceRequest{
		CaseRef: "case_1", IdentityConfirmed: true, Corrected: []*policev1.CorrectedField{{Path: "given_name", Value: name}},
		Biometrics: &policev1.BiometricsTaken{Photo: true, Signature: true},
	})
	if err != nil || attended.GetAppointment().GetCard().GetState() != policev1.CardState_CARD_STATE_NUMBERED || attended.GetAppointment().GetCardNumber() == "" {
		t.Fatal(attended, err)
	}
	ordered, err := s.appointments.RecordBiometrics(s.officer, &policev1.RecordBiometricsRequest{CaseRef: "case_1", Biometrics: &policev1.BiometricsTaken{Fingerprints: true}})
	if c := ordered.GetAppointment().GetCard(); err != nil || c.GetState() != policev1.CardState_CARD_STATE_ORDERED || c.GetExpectedOn() != "2026-12-14" {
		t.Fatal(ordered, err)
	}
	if b := ordered.GetAppointment().GetBiometrics(); b.GetFingerprintsAt() == nil || b.GetPhotoAt() == nil || b.GetSignatureAt() == nil {
		t.Error(b)
	}
	identity, err := s.identities.GetIdentity(t.Context(), &policev1.GetIdentityRequest{CaseRef: "case_1"})
	if err != nil || len(identity.GetCorrected()) != 1 || identity.GetCorrected()[0].GetPath() != "given_name" ||
		identity.GetCorrected()[0].GetValue().GetStringValue() != "Elisabeth" || identity.GetOfficer() != "officer-1" || identity.GetCorrectedAt() == nil ||
		identity.GetIssuer() != s.DID || identity.GetAppointmentId() != moved.GetAppointment().GetAppointmentId() {
		t.Error(identity, err)
	}
	produced, err := s.cards.RecordCardProduced(s.officer, &policev1.RecordCardProducedRequest{CaseRef: "case_1"})
	if err != nil || produced.GetCard().GetState() != policev1.CardState_CARD_STATE_PRODUCED || produced.GetCard().GetProducedAt() == nil {
		t.Error(produced, err)
	}
	delivered, err := s.cards.RecordCardDelivered(s.officer, &policev1.RecordCardDeliveredRequest{CaseRef: "case_1"})
	if err != nil || delivered.GetCard().GetState() != policev1.CardState_CARD_STATE_DELIVERED || delivered.GetCard().GetDeliveredAt() == nil {
		t.Error(delivered, err)
	}
	s.event(t, "permit.revoked", map[string]any{"cause": "PERMIT_REVOKED"})
	all := s.list(t)
	if len(all) != 2 || all[0].GetState() != policev1.AppointmentState_APPOINTMENT_STATE_REBOOKED || all[1].GetCard().GetState() != policev1.CardState_CARD_STATE_REVOKED ||
		all[1].GetCard().GetCause() != "PERMIT_REVOKED" {
		t.Error(all)
	}
}

func TestOfficesAndFreeTimesAreOpenToAll(t *testing.T) {
	s := open(t)
	all, err := s.appointments.FindOffices(t.Context(), &policev1.FindOfficesRequest{})
	if err != nil || len(all.GetOffices()) != 17 {
		t.Error(len(all.GetOffices()), err)
	}
	one, err := s.appointments.FindOffices(t.Context(), &policev1.FindOfficesRequest{Municipality: "4601"})
	if err != nil || len(one.GetOffices()) != 1 || one.GetOffices()[0].GetKind() != policev1.OfficeKind_OFFICE_KIND_SUA || one.GetOffices()[0].GetSlotMinutes() != 20 {
		t.Error(one, err)
	}
	none, err := s.appointments.FindOffices(t.Context(), &policev1.FindOfficesRequest{Municipality: "9999"})
	if err != nil || len(none.GetOffices()) != 0 {
		t.Error(none, err)
	}
	slots, err := s.appointments.FindFreeSlots(t.Context(), &policev1.FindFreeSlotsRequest{OfficeId: "VEST", PageSize: 3})
	if err != nil || len(slots.GetSlots()) != 3 || slots.GetSlots()[0].GetEnd().AsTime().Sub(slots.GetSlots()[0].GetStart().AsTime()) != 20*time.Minute {
		t.Error(slots, err)
	}
	if _, err := s.appointments.FindFreeSlots(t.Context(), &policev1.FindFreeSlotsRequest{OfficeId: "SUA-KIRKENES"}); fault.RuleOf(err) != "diary.office" {
		t.Error(err)
	}
	if _, err := s.appointments.FindFreeSlots(t.Context(), &policev1.FindFreeSlotsRequest{OfficeId: "VEST", PageSize: 201}); fault.RuleOf(err) != "request.invalid" {
		t.Error(err)
	}
}

func TestWhatTheOfficerDoesNotSayCountsAgainstEarlyStart(t *testing.T) {
	s := open(t)
	_, err := s.early.ConfirmEarlyStart(s.officer, &policev1.ConfirmEarlyStartRequest{CaseRef: "case_1"})
	if got := len(fault.From(err).Violations); fault.RuleOf(err) != "earlystart.not-met" || got != 4 {
		t.Error(got, err)
	}
	said := &policev1.ConfirmEarlyStartRequest{
		CaseRef: "case_1", HigherEducationYears: 5, PoliceCheckDone: true, EmployerNotExcluded: true, HandedIn: policev1.HandedIn_HANDED_IN_NORWAY,
	}
	confirmed, err := s.early.ConfirmEarlyStart(s.officer, said)
	if err != nil || confirmed.GetOrganisationNumber() != "310000019" || len(confirmed.GetConditions()) != 8 || confirmed.GetConfirmedAt() == nil {
		t.Fatal(confirmed, err)
	}
	for _, c := range confirmed.GetConditions() {
		if !c.GetMet() || c.GetTextNb() == "" || c.GetTextNn() == "" || c.GetTextEn() == "" || c.GetLaw() == "" {
			t.Error(c)
		}
	}
}

// Every method has somebody who may call it, and what an officer does nobody
// else may.
func TestPolicyNamesEveryMethod(t *testing.T) {
	policy := api.Policy()
	open := map[string]bool{"RebookOwnAppointment": true, "FindOffices": true, "FindFreeSlots": true}
	for _, service := range []grpc.ServiceDesc{policev1.AppointmentService_ServiceDesc, policev1.ResidenceCardService_ServiceDesc, policev1.EarlyStartService_ServiceDesc} {
		for _, method := range service.Methods {
			full := "/" + service.ServiceName + "/" + method.MethodName
			public := false
			for _, one := range policy.Public {
				public = public || one == full
			}
			if roles := policy.Roles[full]; public != open[method.MethodName] || public == (len(roles) == 1 && roles[0] == api.RoleOfficer) {
				t.Errorf("%s: public %v, %v", full, public, roles)
			}
		}
	}
}
