package web

import (
	"context"
	"strconv"

	"github.com/a-h/templ"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// person is a case with whose it is.
type person struct {
	*taxv1.Registration
	Identity map[string]any
}

func (p *Pages) read(c *page.Call) (person, error) {
	answer, err := p.Registrations.GetRegistration(c.Context(), &taxv1.GetRegistrationRequest{CaseRef: c.Path("case")})
	return person{answer.GetRegistration(), answer.GetIdentity().AsMap()}, err
}

// path is a page of the case's.
func path(c *page.Call, rest string) string { return "/persons/" + c.Path("case") + rest }

// person shows whose case it is, how it stands, and what can be done.
func (p *Pages) person(c *page.Call) error {
	one, err := p.read(c)
	if err != nil {
		return err
	}
	return c.Show(showPerson(c, one))
}

// personLive streams how the case stands; nothing of whose it is.
func (p *Pages) personLive(c *page.Call) error {
	ref := c.Path("case")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		answer, err := p.Registrations.GetRegistration(ctx, &taxv1.GetRegistrationRequest{CaseRef: ref, Brief: true})
		if err != nil {
			return nil, err
		}
		return standing(c, answer.GetRegistration()), nil
	})
}

// abilities are what the state of a case leaves to a clerk. Whether it may be done is
// decided by the service.
type abilities struct{ Resolve, Replace, Card bool }

func able(r *taxv1.Registration) (a abilities) {
	queued := r.GetState() == taxv1.RegistrationState_REGISTRATION_STATE_QUEUED
	numbered := r.GetIdentifierType() != taxv1.IdentifierType_IDENTIFIER_TYPE_UNSPECIFIED && r.GetStopCause() == ""
	return abilities{
		Resolve: queued,
		Replace: numbered && !queued && r.GetIdentifierType() == taxv1.IdentifierType_IDENTIFIER_TYPE_D_NUMBER,
		Card:    numbered,
	}
}

// deduction is what an employer withholds, in words.
func deduction(c *page.Call, d *taxv1.Deduction) string {
	percent := strconv.Itoa(int(d.GetPercent()))
	switch {
	case d == nil:
		return ""
	case d.GetTable() != "":
		return c.T("card.table.is", "table", d.GetTable(), "months", strconv.Itoa(int(d.GetMonths())), "percent", percent)
	case d.GetAtSource():
		return c.T("card.source.is", "percent", percent)
	}
	return c.T("card.percent.is", "percent", percent)
}
