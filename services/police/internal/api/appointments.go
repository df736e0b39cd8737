package api

import (
	"context"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
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
	lines, err := s.Desk.List(ctx, req.GetCaseRef(), page.Cursor, page.Limit+1)
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

// RecordAttendance takes the officer's word.
func (s *Appointments) RecordAttendance(ctx context.Context, req *policev1.RecordAttendanceRequest) (*policev1.RecordAttendanceResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	in := desk.Attendance{
		Which:     desk.Which{CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId()},
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
	recorded, err := s.answer(ctx)(s.Desk.RecordBiometrics(ctx, which, taken(req.GetBiometrics())))
	return &policev1.RecordBiometricsResponse{Appointment: recorded}, err
}

// RecordNoShow takes the officer's word that nobody came.
func (s *Appointments) RecordNoShow(ctx context.Context, req *policev1.RecordNoShowRequest) (*policev1.RecordNoShowResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	now, err := s.answer(ctx)(s.Desk.RecordNoShow(ctx, desk.Which{AppointmentID: req.GetAppointmentId()}, who.Subject))
	return &policev1.RecordNoShowResponse{Appointment: now}, err
}

// RebookAppointment moves an appointment for an officer.
func (s *Appointments) RebookAppointment(ctx context.Context, req *policev1.RebookAppointmentRequest) (*policev1.RebookAppointmentResponse, error) {
	made, err := s.answer(ctx)(s.Desk.Rebook(ctx, desk.Rebooking{
		Which: desk.Which{CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId()}, By: appointment.ByOfficer,
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
