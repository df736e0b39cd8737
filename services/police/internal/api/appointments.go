package api

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/structpb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Appointments serves AppointmentService.
type Appointments struct {
	policev1.UnimplementedAppointmentServiceServer
	Desk *desk.Desk
}

// ListAppointments gives a page of the officer's list.
func (s *Appointments) ListAppointments(ctx context.Context, req *policev1.ListAppointmentsRequest) (*policev1.ListAppointmentsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), req.GetPageToken())
	if err != nil {
		return nil, err
	}
	listing, err := s.listing(ctx, req)
	if err != nil {
		return nil, err
	}
	listing.After, listing.Limit = page.Cursor, page.Limit+1
	lines, err := s.Desk.List(ctx, listing)
	if err != nil {
		return nil, err
	}
	out := &policev1.ListAppointmentsResponse{}
	if len(lines) > page.Limit {
		lines = lines[:page.Limit]
		out.NextPageToken = wire.Token(lines[page.Limit-1].Cursor)
	}
	for _, line := range lines {
		if line.Appointment == nil {
			out.Appointments = append(out.Appointments, &policev1.Appointment{
				CaseRef: line.CaseRef, State: policev1.AppointmentState_APPOINTMENT_STATE_FAILED, Rule: line.Rule,
			})
			continue
		}
		out.Appointments = append(out.Appointments, encode(line.Appointment, line.Card))
	}
	return out, nil
}

// listing is which lines the officer asks for. Who is bound to an office sees its
// list; of a case, those visits that are there.
func (s *Appointments) listing(ctx context.Context, req *policev1.ListAppointmentsRequest) (l desk.Listing, err error) {
	who := officer(ctx)
	l = desk.Listing{CaseRef: req.GetCaseRef(), OfficeID: req.GetOfficeId()}
	if l.OfficeID == "" {
		l.OfficeID = who.Office
	}
	if err := s.Desk.AtOffice(ctx, who, l.OfficeID, "list"); err != nil {
		return l, err
	}
	if l.CaseRef != "" {
		if err := s.Desk.Within(ctx, who, desk.Which{CaseRef: l.CaseRef}, "list"); err != nil {
			return l, err
		}
	}
	if req.GetOn() != "" {
		zone, err := time.LoadLocation(diary.TimeZone)
		if err != nil {
			return l, err
		}
		if l.From, err = time.ParseInLocation(time.DateOnly, req.GetOn(), zone); err != nil {
			return l, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
				{Field: "on", Rule: "request.date", Message: "a date is yyyy-mm-dd"}})
		}
		l.Until = l.From.AddDate(0, 0, 1)
	}
	return l, nil
}

// officer is who calls.
func officer(ctx context.Context) desk.Officer {
	who, _ := rpc.PrincipalFrom(ctx)
	return desk.Officer{Subject: who.Subject, Office: who.Office, TokenHash: who.TokenHash}
}

// GetVisit gives what an officer needs to meet the worker.
func (s *Appointments) GetVisit(ctx context.Context, req *policev1.GetVisitRequest) (*policev1.GetVisitResponse, error) {
	visit, err := s.Desk.Visit(ctx, officer(ctx), req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	out := &policev1.GetVisitResponse{}
	for _, a := range visit.Visits {
		held, err := s.Desk.CardOf(ctx, a)
		if err != nil {
			return nil, err
		}
		out.Appointments = append(out.Appointments, encode(a, held))
	}
	out.Identity, err = structpb.NewStruct(visit.Identity)
	return out, err
}

// RecordAttendance takes the officer's word.
func (s *Appointments) RecordAttendance(ctx context.Context, req *policev1.RecordAttendanceRequest) (*policev1.RecordAttendanceResponse, error) {
	who := officer(ctx)
	which := desk.Which{CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId()}
	if err := s.Desk.Within(ctx, who, which, "attendance"); err != nil {
		return nil, err
	}
	in := desk.Attendance{
		Which:     which,
		Confirmed: req.GetIdentityConfirmed(), Officer: who.Subject, Taken: taken(req.GetBiometrics()),
	}
	for _, field := range req.GetCorrected() {
		in.Corrected = append(in.Corrected, identity.Field{Path: field.GetPath(), Value: field.GetValue().AsInterface()})
	}
	recorded, err := s.answer(ctx)(s.Desk.RecordAttendance(ctx, in))
	return &policev1.RecordAttendanceResponse{Appointment: recorded}, err
}

// RecordBiometrics takes what was taken later.
func (s *Appointments) RecordBiometrics(ctx context.Context, req *policev1.RecordBiometricsRequest) (*policev1.RecordBiometricsResponse, error) {
	which := desk.Which{CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId()}
	if err := s.Desk.Within(ctx, officer(ctx), which, "biometrics"); err != nil {
		return nil, err
	}
	recorded, err := s.answer(ctx)(s.Desk.RecordBiometrics(ctx, which, taken(req.GetBiometrics())))
	return &policev1.RecordBiometricsResponse{Appointment: recorded}, err
}

// RecordNoShow takes the officer's word that nobody came.
func (s *Appointments) RecordNoShow(ctx context.Context, req *policev1.RecordNoShowRequest) (*policev1.RecordNoShowResponse, error) {
	who, which := officer(ctx), desk.Which{AppointmentID: req.GetAppointmentId()}
	if err := s.Desk.Within(ctx, who, which, "no-show"); err != nil {
		return nil, err
	}
	now, err := s.answer(ctx)(s.Desk.RecordNoShow(ctx, which, who.Subject))
	return &policev1.RecordNoShowResponse{Appointment: now}, err
}

// RebookAppointment moves an appointment for an officer.
func (s *Appointments) RebookAppointment(ctx context.Context, req *policev1.RebookAppointmentRequest) (*policev1.RebookAppointmentResponse, error) {
	which := desk.Which{CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId()}
	if err := s.Desk.Within(ctx, officer(ctx), which, "rebook"); err != nil {
		return nil, err
	}
	made, err := s.answer(ctx)(s.Desk.Rebook(ctx, desk.Rebooking{
		Which: which, By: appointment.ByOfficer,
		NotBefore: instant(req.GetNotBefore()), OfficeID: req.GetOfficeId(),
	}))
	return &policev1.RebookAppointmentResponse{Appointment: made}, err
}

// RebookOwnAppointment moves an appointment for the worker.
func (s *Appointments) RebookOwnAppointment(ctx context.Context, req *policev1.RebookOwnAppointmentRequest) (*policev1.RebookOwnAppointmentResponse, error) {
	made, err := s.Desk.Rebook(ctx, desk.Rebooking{
		Which: desk.Which{AppointmentID: req.GetAppointmentId()}, By: appointment.ByWorker, Code: req.GetCheckinCode(),
		NotBefore: instant(req.GetNotBefore()),
	})
	return &policev1.RebookOwnAppointmentResponse{Appointment: encode(made, nil)}, err
}

// FindOffices gives the offices, or the one that serves a municipality.
func (s *Appointments) FindOffices(_ context.Context, req *policev1.FindOfficesRequest) (*policev1.FindOfficesResponse, error) {
	out := &policev1.FindOfficesResponse{}
	for _, o := range s.Desk.FindOffices(req.GetMunicipality()) {
		out.Offices = append(out.Offices, &policev1.Office{
			OfficeId: o.ID, Name: o.Name, Kind: kinds[o.Kind], District: o.District, Address: o.Address, Active: o.Active,
			SlotMinutes: int32(o.SlotLength.Minutes()), Capacity: int32(o.Capacity),
		})
	}
	return out, nil
}

// FindFreeSlots gives the next free times of an office.
func (s *Appointments) FindFreeSlots(ctx context.Context, req *policev1.FindFreeSlotsRequest) (*policev1.FindFreeSlotsResponse, error) {
	page, err := wire.ReadPage(req.GetPageSize(), "")
	if err != nil {
		return nil, err
	}
	slots, err := s.Desk.FreeSlots(ctx, req.GetOfficeId(), instant(req.GetNotBefore()), page.Limit)
	if err != nil {
		return nil, err
	}
	out := &policev1.FindFreeSlotsResponse{}
	for _, slot := range slots {
		out.Slots = append(out.Slots, &policev1.Slot{Start: wire.Instant(slot.Start), End: wire.Instant(slot.End)})
	}
	return out, nil
}

// answer encodes what an officer's verb gives, with the card that came of it.
func (s *Appointments) answer(ctx context.Context) func(*appointment.Appointment, error) (*policev1.Appointment, error) {
	return func(a *appointment.Appointment, err error) (*policev1.Appointment, error) {
		if err != nil {
			return nil, err
		}
		held, err := s.Desk.CardOf(ctx, a)
		if err != nil {
			return nil, err
		}
		return encode(a, held), nil
	}
}

func taken(b *policev1.BiometricsTaken) desk.Taken {
	return desk.Taken{Fingerprints: b.GetFingerprints(), Photo: b.GetPhoto(), Signature: b.GetSignature()}
}
