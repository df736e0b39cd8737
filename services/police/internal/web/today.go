package web

import (
	"context"
	"net/url"
	"time"

	"github.com/a-h/templ"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

const onePage = 50

// day is a day's list.
type day struct {
	On, Office  string
	Visits      []*policev1.Appointment
	First, Next string
	Today       bool
	Form        *page.Form
}

// today shows who comes today, or on the day that is asked for, at the officer's
// office.
func (p *Pages) today(c *page.Call) error {
	d := day{Office: c.Who().Office, Form: page.NewForm()}
	now := c.Portal.Clock.Now().In(c.Portal.Zone).Format(time.DateOnly)
	if d.On = now; c.Query("on") != "" {
		f := page.NewForm("on", c.Query("on"))
		if d.On = f.Day(c, "on"); len(f.Wrong) > 0 {
			d.On, d.Form = now, f
		}
	}
	d.Today = d.On == now
	if len(d.Form.Wrong) == 0 {
		d.Form = page.NewForm("on", c.Day(d.On))
	}
	answer, err := p.list(c.Context(), d.On, c.Query("page"))
	if err != nil {
		return err
	}
	d.Visits = answer.GetAppointments()
	at := func(token string) string { return "/today?" + url.Values{"on": {d.On}, "page": {token}}.Encode() }
	if token := answer.GetNextPageToken(); token != "" {
		d.Next = at(token)
	}
	if c.Query("page") != "" {
		d.First = at("")
	}
	return c.Show(today(c, d))
}

func (p *Pages) list(ctx context.Context, on, token string) (*policev1.ListAppointmentsResponse, error) {
	return p.Appointments.ListAppointments(ctx, &policev1.ListAppointmentsRequest{On: on, PageSize: onePage, PageToken: token})
}

// todayLive streams the first page of today's list.
func (p *Pages) todayLive(c *page.Call) error {
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		answer, err := p.list(ctx, c.Portal.Clock.Now().In(c.Portal.Zone).Format(time.DateOnly), "")
		if err != nil {
			return nil, err
		}
		return visits(c, answer.GetAppointments()), nil
	})
}
