// Package api is the police's gRPC contract: decode, call the desk, encode.
package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/wire"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/card"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
)

// RoleOfficer is what a token of a police officer must be.
const RoleOfficer rpc.Role = "officer"

// Policy says who may call what. A worker shows the check-in code; offices and
// free times are no secret.
func Policy() rpc.Policy {
	officer := []rpc.Role{RoleOfficer}
	return rpc.Policy{
		Public: []string{
			policev1.AppointmentService_RebookOwnAppointment_FullMethodName,
			policev1.AppointmentService_FindOffices_FullMethodName,
			policev1.AppointmentService_FindFreeSlots_FullMethodName,
		},
		Roles: map[string][]rpc.Role{
			policev1.AppointmentService_ListAppointments_FullMethodName:      officer,
			policev1.AppointmentService_GetVisit_FullMethodName:              officer,
			policev1.AppointmentService_RecordAttendance_FullMethodName:      officer,
			policev1.AppointmentService_RecordBiometrics_FullMethodName:      officer,
			policev1.AppointmentService_RecordNoShow_FullMethodName:          officer,
			policev1.AppointmentService_RebookAppointment_FullMethodName:     officer,
			policev1.ResidenceCardService_RecordCardProduced_FullMethodName:  officer,
			policev1.ResidenceCardService_RecordCardDelivered_FullMethodName: officer,
			policev1.EarlyStartService_ConfirmEarlyStart_FullMethodName:      officer,
		},
	}
}

func encode(a *appointment.Appointment, held *card.Card) *policev1.Appointment {
	if a == nil {
		return nil
	}
	out := &policev1.Appointment{
		AppointmentId: a.ID(), CaseRef: a.CaseRef(), State: states[a.State()], OfficeId: a.Office().ID, OfficeName: a.Office().Name,
		Purpose: appointment.Purposes(), Start: timestamppb.New(a.Slot().Start), End: timestamppb.New(a.Slot().End),
		TimeZone: diary.TimeZone, RecordedAt: wire.Instant(a.RecordedAt()), BookedBy: origins[a.Origin()], Cause: a.Cause(),
	}
	if a.State() == appointment.Attended {
		taken := a.Biometrics()
		out.Biometrics = &policev1.Biometrics{
			FingerprintsAt: wire.Instant(taken.Fingerprints), PhotoAt: wire.Instant(taken.Photo), SignatureAt: wire.Instant(taken.Signature),
		}
	}
	if held != nil {
		out.Card, out.CardNumber = encodeCard(held), held.Number
	}
	return out
}

func encodeCard(c *card.Card) *policev1.ResidenceCard {
	out := &policev1.ResidenceCard{
		CardNumber: c.Number, State: cards[c.State], Cause: c.Cause, OrderedAt: wire.Instant(c.OrderedAt),
		ProducedAt: wire.Instant(c.ProducedAt), DeliveredAt: wire.Instant(c.DeliveredAt),
	}
	if !c.Expected.IsZero() {
		out.ExpectedOn = c.Expected.Format(time.DateOnly)
	}
	return out
}

var states = map[appointment.State]policev1.AppointmentState{
	appointment.Booked:       policev1.AppointmentState_APPOINTMENT_STATE_BOOKED,
	appointment.Attended:     policev1.AppointmentState_APPOINTMENT_STATE_ATTENDED,
	appointment.NotConfirmed: policev1.AppointmentState_APPOINTMENT_STATE_NOT_CONFIRMED,
	appointment.Cancelled:    policev1.AppointmentState_APPOINTMENT_STATE_CANCELLED,
	appointment.Missed:       policev1.AppointmentState_APPOINTMENT_STATE_MISSED,
	appointment.Rebooked:     policev1.AppointmentState_APPOINTMENT_STATE_REBOOKED,
}

var origins = map[appointment.Origin]policev1.BookedBy{
	appointment.First:       policev1.BookedBy_BOOKED_BY_DECISION,
	appointment.AfterNoShow: policev1.BookedBy_BOOKED_BY_NO_SHOW,
	appointment.AfterHalt:   policev1.BookedBy_BOOKED_BY_RESUMPTION,
	appointment.ByWorker:    policev1.BookedBy_BOOKED_BY_WORKER,
	appointment.ByOfficer:   policev1.BookedBy_BOOKED_BY_OFFICER,
}

var cards = map[card.State]policev1.CardState{
	card.Numbered:  policev1.CardState_CARD_STATE_NUMBERED,
	card.Ordered:   policev1.CardState_CARD_STATE_ORDERED,
	card.Produced:  policev1.CardState_CARD_STATE_PRODUCED,
	card.Delivered: policev1.CardState_CARD_STATE_DELIVERED,
	card.Revoked:   policev1.CardState_CARD_STATE_REVOKED,
}

var kinds = map[diary.Kind]policev1.OfficeKind{
	diary.SUA:      policev1.OfficeKind_OFFICE_KIND_SUA,
	diary.District: policev1.OfficeKind_OFFICE_KIND_DISTRICT,
}
