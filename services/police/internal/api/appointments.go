// Package api is the police's gRPC contract: decode, call the desk, encode.
package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// RoleOfficer is what a token of a police officer must be.
const RoleOfficer rpc.Role = "officer"

// Policy says who may call what.
func Policy() rpc.Policy {
	officer := []rpc.Role{RoleOfficer}
	return rpc.Policy{Roles: map[string][]rpc.Role{
		policev1.AppointmentService_ListAppointments_FullMethodName: officer,
		policev1.AppointmentService_RecordAttendance_FullMethodName: officer,
	}}
}

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
		out.Appointments = append(out.Appointments, encode(line.Appointment))
	}
	return out, nil
}

// RecordAttendance takes the officer's word.
func (s *Appointments) RecordAttendance(ctx context.Context, req *policev1.RecordAttendanceRequest) (*policev1.RecordAttendanceResponse, error) {
	who, _ := rpc.PrincipalFrom(ctx)
	recorded, err := s.Desk.RecordAttendance(ctx, desk.Attendance{
		CaseRef: req.GetCaseRef(), AppointmentID: req.GetAppointmentId(), Confirmed: req.GetIdentityConfirmed(), Officer: who.Subject,
	})
	if err != nil {
		return nil, err
	}
	return &policev1.RecordAttendanceResponse{Appointment: encode(recorded)}, nil
}

func encode(a *appointment.Appointment) *policev1.Appointment {
	return &policev1.Appointment{
		AppointmentId: a.ID(), CaseRef: a.CaseRef(), State: state(a.State()), OfficeId: a.Office().ID, OfficeName: a.Office().Name,
		Purpose: appointment.Purposes(), Start: timestamppb.New(a.Slot().Start), End: timestamppb.New(a.Slot().End),
		TimeZone: appointment.TimeZone, RecordedAt: wire.Instant(a.AttendedAt()), CardNumber: a.CardNumber(),
	}
}

func state(s appointment.State) policev1.AppointmentState {
	switch s {
	case appointment.Booked:
		return policev1.AppointmentState_APPOINTMENT_STATE_BOOKED
	case appointment.Attended, appointment.CardIssued:
		return policev1.AppointmentState_APPOINTMENT_STATE_ATTENDED
	case appointment.NotConfirmed:
		return policev1.AppointmentState_APPOINTMENT_STATE_NOT_CONFIRMED
	}
	return policev1.AppointmentState_APPOINTMENT_STATE_UNSPECIFIED
}
