package web

import (
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// mostSlots are as many free times as are offered.
const mostSlots = 12

// askMissed asks before it is recorded that nobody came.
func (p *Pages) askMissed(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	return c.Show(page.Ask(c, page.Question{
		Title: c.T("missed.title"), Text: c.T("missed.text", "time", c.Moment(v.Now.GetStart())), Path: v.path("/missed"), Do: c.T("missed.do"),
		Back: page.Link{Path: v.path(""), Text: c.T("visit.back")},
	}))
}

func (p *Pages) missed(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	if _, err := p.Appointments.RecordNoShow(c.Context(), &policev1.RecordNoShowRequest{AppointmentId: v.Now.GetAppointmentId()}); err != nil {
		return err
	}
	return c.Done(v.path(""), "missed.done")
}

// rebooking shows the next free times of an office to choose from.
func (p *Pages) rebooking(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	return p.offerSlots(c, v, page.NewForm(), 200)
}

func (p *Pages) offerSlots(c *page.Call, v visit, f *page.Form, status int) error {
	office := v.Now.GetOfficeId()
	free, err := p.Appointments.FindFreeSlots(c.Context(), &policev1.FindFreeSlotsRequest{
		OfficeId: office, NotBefore: timestamppb.New(c.Portal.Clock.Now()), PageSize: mostSlots,
	})
	if err != nil {
		return err
	}
	slots := page.Field{Name: "slot", Label: c.T("rebook.slot", "office", v.Now.GetOfficeName())}
	for _, slot := range free.GetSlots() {
		slots.Options = append(slots.Options, page.Option{
			Value: strconv.FormatInt(slot.GetStart().AsTime().Unix(), 10), Label: c.Moment(slot.GetStart()) + "–" + c.Clock(slot.GetEnd()),
		})
	}
	return c.ShowWith(status, rebooking(c, v, f, slots))
}

// rebook moves the appointment to the chosen time, or the next free one after it.
func (p *Pages) rebook(c *page.Call) error {
	v, err := p.read(c)
	if err != nil {
		return err
	}
	f := c.Form()
	at, err := strconv.ParseInt(f.Get("slot"), 10, 64)
	if err != nil {
		f.Refuse(c, "slot", "rebook.choose")
		return p.offerSlots(c, v, f, 422)
	}
	_, err = p.Appointments.RebookAppointment(c.Context(), &policev1.RebookAppointmentRequest{
		CaseRef: v.Ref, NotBefore: timestamppb.New(time.Unix(at, 0)), OfficeId: v.Now.GetOfficeId(),
	})
	if f.Refused(c, err) {
		return p.offerSlots(c, v, f, 422)
	}
	if err != nil {
		return err
	}
	return c.Done(v.path(""), "rebook.done")
}
