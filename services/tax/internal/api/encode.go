package api

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

var states = map[desk.Standing]taxv1.RegistrationState{
	desk.Waiting:    taxv1.RegistrationState_REGISTRATION_STATE_WAITING_FOR_IDENTITY,
	desk.Requested:  taxv1.RegistrationState_REGISTRATION_STATE_REQUESTED,
	desk.Queued:     taxv1.RegistrationState_REGISTRATION_STATE_QUEUED,
	desk.Rejected:   taxv1.RegistrationState_REGISTRATION_STATE_REJECTED,
	desk.Assigned:   taxv1.RegistrationState_REGISTRATION_STATE_ASSIGNED,
	desk.Stopped:    taxv1.RegistrationState_REGISTRATION_STATE_STOPPED,
	desk.NotGranted: taxv1.RegistrationState_REGISTRATION_STATE_NOT_GRANTED,
	desk.Failed:     taxv1.RegistrationState_REGISTRATION_STATE_FAILED,
}

// fromState is the standing that a filter means, "" for every one; false for
// one that no case has.
func fromState(filter taxv1.RegistrationState) (desk.Standing, bool) {
	for standing, state := range states {
		if state == filter {
			return standing, true
		}
	}
	return "", filter == taxv1.RegistrationState_REGISTRATION_STATE_UNSPECIFIED
}

var (
	kinds = map[identifier.PersonNumberKind]taxv1.IdentifierType{
		identifier.BirthNumber: taxv1.IdentifierType_IDENTIFIER_TYPE_FNR,
		identifier.DNumber:     taxv1.IdentifierType_IDENTIFIER_TYPE_D_NUMBER,
	}
	origins = map[registration.How]taxv1.IdentifierOrigin{
		registration.New:      taxv1.IdentifierOrigin_IDENTIFIER_ORIGIN_ASSIGNED,
		registration.Existing: taxv1.IdentifierOrigin_IDENTIFIER_ORIGIN_EXISTING,
	}
	reasons = map[registration.Reason]taxv1.QueueReason{
		registration.PossibleDuplicate: taxv1.QueueReason_QUEUE_REASON_POSSIBLE_DUPLICATE,
		registration.DUFInUse:          taxv1.QueueReason_QUEUE_REASON_DUF_IN_USE,
	}
	refusals = map[registration.Refusal]taxv1.Refusal{
		registration.Declined:   taxv1.Refusal_REFUSAL_DECLINED,
		registration.Dismissed:  taxv1.Refusal_REFUSAL_DISMISSED,
		registration.Cancelled:  taxv1.Refusal_REFUSAL_CANCELLED,
		registration.GivenTwice: taxv1.Refusal_REFUSAL_GIVEN_TWICE,
	}
)

// encode gives a case without its identifiers.
func encode(line desk.Line) *taxv1.Registration {
	out := &taxv1.Registration{CaseRef: line.CaseRef, State: states[line.Standing]}
	if line.Standing == desk.Failed {
		out.Rule = line.Rule
	}
	r := line.Registration
	if r == nil {
		return out
	}
	_, out.StopCause = r.Standing()
	order := r.Order()
	out.RequisitionReference, out.QueueReason, out.Refusal = order.Reference, reasons[order.Reason], refusals[order.Refusal]
	out.RequestedAt = instant(order.RequestedAt)
	if line.Standing == desk.Queued {
		out.QueueDeadline = instant(order.Deadline)
	}
	current, numbered := r.Current()
	if !numbered {
		return out
	}
	out.IdentifierType, out.Origin, out.AssignedAt = kinds[current.Kind], origins[current.How], instant(current.AssignedAt)
	for _, former := range r.Former() {
		out.FormerTypes = append(out.FormerTypes, kinds[former.Kind])
	}
	if out.TaxCard = encodeCard(r.Card()); out.TaxCard != nil {
		out.TaxCardYear = out.TaxCard.IncomeYear
	}
	return out
}

func encodeCard(c registration.Card) *taxv1.TaxCard {
	if c.ID == 0 {
		return nil
	}
	return &taxv1.TaxCard{
		CardId: c.ID, IncomeYear: strconv.Itoa(c.Year), IssuedAt: instant(c.IssuedAt), RevokedCause: c.Cause,
		Deduction: &taxv1.Deduction{
			Percent: int32(c.Deduction.Percent), Table: c.Deduction.Table, Months: int32(c.Deduction.Months), AtSource: c.Deduction.Source,
		},
	}
}

func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
