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
	Before      string // the day before, and the day after
	After       string
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
		d.Form = page.NewForm("on", typedDay(d.On))
	}
	d.Before, d.After = besides(d.On, -1), besides(d.On, 1)
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

// typedDay is a date as people type it.
func typedDay(iso string) string {
	at, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return at.Format("02.01.2006")
}

// besides is a day so many days from another.
func besides(iso string, days int) string {
	at, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return at.AddDate(0, 0, days).Format(time.DateOnly)
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
