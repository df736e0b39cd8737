package web

import (
	"slices"
	"strings"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// visit is a case as an officer meets its worker: all appointments, the newest
// last, and what to compare.
type visit struct {
	Ref      string
	All      []*policev1.Appointment
	Now      *policev1.Appointment // the newest; empty when there is none
	Identity map[string]any
}

func (p *Pages) read(c *page.Call) (v visit, err error) {
	v.Ref = c.Path("case")
	answer, err := p.Appointments.GetVisit(c.Context(), &policev1.GetVisitRequest{CaseRef: v.Ref})
	if err != nil {
		return v, err
	}
	v.All, v.Identity, v.Now = answer.GetAppointments(), answer.GetIdentity().AsMap(), &policev1.Appointment{}
	if n := len(v.All); n > 0 {
		v.Now = v.All[n-1]
	}
	return v, nil
}

// path is a page of the visit's.
func (v visit) path(rest string) string { return "/visits/" + v.Ref + rest }

// visit shows the case and what can be done now.
func (p *Pages) visit(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	return c.Show(showVisit(c, v))
}

func stateKey(s policev1.AppointmentState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "APPOINTMENT_STATE_"))
}

func stateColor(s policev1.AppointmentState) string {
	switch s {
	case policev1.AppointmentState_APPOINTMENT_STATE_BOOKED:
		return "info"
	case policev1.AppointmentState_APPOINTMENT_STATE_ATTENDED:
		return "success"
	case policev1.AppointmentState_APPOINTMENT_STATE_FAILED, policev1.AppointmentState_APPOINTMENT_STATE_NOT_CONFIRMED:
		return "danger"
	case policev1.AppointmentState_APPOINTMENT_STATE_MISSED:
		return "warning"
	}
	return "neutral"
}

func cardKey(s policev1.CardState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "CARD_STATE_"))
}

// lacking are the biometrics that were not taken yet.
func (v visit) lacking() (all []string) {
	b := v.Now.GetBiometrics()
	for name, at := range map[string]bool{"fingerprints": b.GetFingerprintsAt() != nil, "photo": b.GetPhotoAt() != nil, "signature": b.GetSignatureAt() != nil} {
		if !at {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

func (v visit) attended() bool {
	return v.Now.GetState() == policev1.AppointmentState_APPOINTMENT_STATE_ATTENDED
}

func (v visit) booked() bool {
	return v.Now.GetState() == policev1.AppointmentState_APPOINTMENT_STATE_BOOKED
}

// movable reports whether an officer may book anew.
func (v visit) movable() bool {
	switch v.Now.GetState() {
	case policev1.AppointmentState_APPOINTMENT_STATE_BOOKED, policev1.AppointmentState_APPOINTMENT_STATE_MISSED,
		policev1.AppointmentState_APPOINTMENT_STATE_NOT_CONFIRMED:
		return true
	}
	return false
}

// card records what has become of the residence card.
func (p *Pages) card(c *page.Call) (err error) {
	ref := c.Path("case")
	switch c.Path("state") {
	case "produced":
		_, err = p.Cards.RecordCardProduced(c.Context(), &policev1.RecordCardProducedRequest{CaseRef: ref})
	case "delivered":
		_, err = p.Cards.RecordCardDelivered(c.Context(), &policev1.RecordCardDeliveredRequest{CaseRef: ref})
	default:
		err = fault.New(fault.NotFound, "page.no-such-step", "there is no such step")
	}
	if err != nil {
		return err
	}
	return c.Done("/visits/"+ref, "card.recorded")
}
