package desk_test

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

func (p *police) card(t *testing.T) *card.Card {
	t.Helper()
	c, err := p.Store.Card(t.Context(), p.DB.Read(), "case_1")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAttendanceVerifiesTheIdentityOnce(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	id := p.last(t).ID()
	first, err := p.RecordAttendance(t.Context(), attended(all))
	if err != nil || first.State() != appointment.Attended || !first.Biometrics().Complete() {
		t.Fatal(first, err)
	}
	number := p.card(t).Number
	p.Clock.Pass(time.Hour)
	again := attended(all)
	again.Which, again.Officer = desk.Which{AppointmentID: id}, "officer-2"
	second, err := p.RecordAttendance(t.Context(), again)
	if err != nil || p.card(t).Number != number || !second.RecordedAt().Equal(first.RecordedAt()) || second.Officer() != "officer-1" {
		t.Error(second, err)
	}
	want := []string{"appointment.booked", "appointment.attended", "identity.verified", "residencecard.issued", "biometrics.captured", "residencecard.ordered"}
	p.happened(t, want...)
	p.credentials(t, "Appointment offered", "ResidenceCard offered")
	other := attended(desk.Taken{})
	other.Confirmed = false
	if _, err := p.RecordAttendance(t.Context(), other); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	if c := p.card(t); c.State != card.Ordered || c.Expected.Format(time.DateOnly) != "2026-12-14" {
		t.Errorf("%+v", c) // fifteen working days after Monday 23 November
	}
}

func TestWhoIsNotRecognisedGetsNothing(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	turned := attended(desk.Taken{})
	turned.Confirmed = false
	for range 2 {
		a, err := p.RecordAttendance(t.Context(), turned)
		if err != nil || a.State() != appointment.NotConfirmed {
			t.Fatal(a, err)
		}
	}
	if _, err := p.RecordAttendance(t.Context(), attended(all)); fault.KindOf(err) != fault.Conflict {
		t.Error(err)
	}
	p.happened(t, "appointment.booked")
	p.credentials(t, "Appointment offered")
	// An officer books anew, and the worker comes.
	if _, err := p.Rebook(t.Context(), desk.Rebooking{Which: desk.Which{CaseRef: "case_1"}, By: appointment.ByOfficer}); err != nil {
		t.Fatal(err)
	}
	p.attend(t, all)
	if p.visits(t, "case_1").Attended() == nil {
		t.Error("not attended")
	}
}

func TestAttendanceNeedsOneAppointmentThatExists(t *testing.T) {
	p := open(t)
	for rule, which := range map[string]desk.Which{
		"request.invalid":     {CaseRef: "case_1", AppointmentID: "apt_1"},
		"appointment.unknown": {CaseRef: "case_1"},
	} {
		if _, err := p.RecordAttendance(t.Context(), desk.Attendance{Which: which, Confirmed: true, Officer: "o"}); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	for rule, which := range map[string]desk.Which{"request.invalid": {}, "appointment.unknown": {AppointmentID: "apt_1"}} {
		if _, err := p.RecordAttendance(t.Context(), desk.Attendance{Which: which, Confirmed: true, Officer: "o"}); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	p.granted(t, "case_1")
	bad := attended(all)
	bad.Confirmed = false
	if _, err := p.RecordAttendance(t.Context(), bad); fault.RuleOf(err) != "request.invalid" {
		t.Error(err)
	}
}

func TestPlasticWaitsForTheBiometrics(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	if _, err := p.RecordBiometrics(t.Context(), desk.Which{CaseRef: "case_1"}, all); fault.RuleOf(err) != "appointment.not-attended" {
		t.Error(err)
	}
	p.attend(t, desk.Taken{Photo: true, Signature: true})
	p.happened(t, "appointment.booked", "appointment.attended", "identity.verified", "residencecard.issued")
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); fault.RuleOf(err) != "card.not-ordered" {
		t.Error(err)
	}
	for range 2 {
		if _, err := p.RecordBiometrics(t.Context(), desk.Which{CaseRef: "case_1"}, desk.Taken{Fingerprints: true}); err != nil {
			t.Fatal(err)
		}
	}
	p.happened(t, "appointment.booked", "appointment.attended", "identity.verified", "residencecard.issued", "biometrics.captured", "residencecard.ordered")
}

func TestCardIsProducedAndDeliveredOnce(t *testing.T) {
	p := open(t)
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	p.granted(t, "case_1")
	if _, err := p.RecordCardProduced(t.Context(), "case_1"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	p.attend(t, all)
	if _, err := p.RecordCardDelivered(t.Context(), "case_1"); fault.RuleOf(err) != "card.not-produced" {
		t.Error(err)
	}
	before := len(p.Events(t, "case_1"))
	for range 2 {
		if c, err := p.RecordCardProduced(t.Context(), "case_1"); err != nil || c.State != card.Produced {
			t.Error(err)
		}
	}
	for range 2 {
		if c, err := p.RecordCardDelivered(t.Context(), "case_1"); err != nil || c.State != card.Delivered {
			t.Error(err)
		}
	}
	if got := p.Events(t, "case_1")[before:]; !reflect.DeepEqual(got, []string{"no.kompetansespor.residencecard.produced.v1", "no.kompetansespor.residencecard.delivered.v1"}) {
		t.Error(got)
	}
}

func TestCorrectedIdentityIsSealedToldAndShown(t *testing.T) {
	p := open(t)
	p.granted(t, "case_1")
	in := attended(all)
	in.Corrected = []identity.Field{{Path: "given_name", Value: "Elisabeth"}, {Path: "passport.document_number", Value: "AB1234567"}}
	if _, err := p.RecordAttendance(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	p.happened(t, "appointment.booked", "appointment.attended", "identity.corrected", "identity.verified", "residencecard.issued", "biometrics.captured", "residencecard.ordered")
	if got := p.data(t, "identity.corrected"); !reflect.DeepEqual(got, map[string]any{"fields": []any{"given_name", "passport.document_number"}}) {
		t.Error(got)
	}
	if got := p.claims(t, "ResidenceCard"); got["given_name"] != "Elisabeth" || got["family_name"] != "Johnson" {
		t.Error(got)
	}
	corrected, err := p.Corrected(t.Context(), "case_1")
	if err != nil || !reflect.DeepEqual(corrected.Fields(), in.Corrected) || corrected.Officer() != "officer-1" || !corrected.At().Equal(p.Clock.Now()) {
		t.Error(corrected, err)
	}
	if _, err := p.Corrected(t.Context(), "case_2"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	var sealed []byte
	if err := p.DB.Read().QueryRowContext(t.Context(), `SELECT sealed FROM identity_correction`).Scan(&sealed); err != nil || bytes.Contains(sealed, []byte("Elisabeth")) {
		t.Error("the correction can be read in the table", err)
	}

	// The same again changes nothing, another is refused.
	if _, err := p.RecordAttendance(t.Context(), in); err != nil {
		t.Error(err)
	}
	in.Corrected = in.Corrected[:1]
	if _, err := p.RecordAttendance(t.Context(), in); fault.RuleOf(err) != "appointment.already-recorded" {
		t.Error(err)
	}
	in.Corrected = []identity.Field{{Path: "given_name", Value: ""}}
	if _, err := p.RecordAttendance(t.Context(), in); fault.RuleOf(err) != "identity.correction" {
		t.Error(err)
	}
	before := len(p.Events(t, "case_1"))

	// UDI has corrected the case: the card is replaced, once.
	number := p.card(t).Number
	p.spoil = claim("given_name", "Elisabeth")
	p.event(t, "case_1", "case.corrected", map[string]any{"fields": []any{"given_name"}})
	p.wake(t)
	if got := p.Events(t, "case_1")[before:]; !reflect.DeepEqual(got, []string{"no.kompetansespor.residencecard.revoked.v1", "no.kompetansespor.residencecard.issued.v1"}) {
		t.Error(got)
	}
	if n := p.number(t, `SELECT COUNT(*) FROM issuance WHERE type = 'ResidenceCard' AND state = 'withdrawn'`); n != 1 || p.card(t).Number != number {
		t.Errorf("%d old cards are revoked", n)
	}
	if got := p.data(t, "residencecard.revoked"); got["cause"] != "IDENTITY_CORRECTED" {
		t.Error(got)
	}
	p.credentials(t, "Appointment offered", "ResidenceCard offered")
}
