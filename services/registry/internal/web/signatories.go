package web

import (
	"net/http"
	"strconv"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// active are those who may sign now, as a request names them.
func active(a *registryv1.Accreditation) (all []*registryv1.Signatory) {
	for _, one := range a.GetSignatories() {
		if one.GetUntil() == nil {
			all = append(all, &registryv1.Signatory{Name: one.GetName(), Role: one.GetRole(), Right: one.GetRight()})
		}
	}
	return all
}

func signatoryOf(f *page.Form) *registryv1.Signatory {
	return &registryv1.Signatory{Name: f.Get("signatory.name"), Role: f.Get("signatory.role"), Right: f.Get("signatory.right")}
}

// over reports whether nobody can be named any more.
func over(a *registryv1.Accreditation) bool {
	return a.GetState() == registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED || a.GetState() == registryv1.AccreditationState_ACCREDITATION_STATE_EXPIRED
}

// naming asks who may sign from now on.
func (p *Pages) naming(c *page.Call) error {
	return c.Show(naming(c, page.NewForm("signatory.right", usualRight)))
}

// name registers them.
func (p *Pages) name(c *page.Call) error {
	f := c.Form()
	_, err := p.Registry.RegisterSignatory(c.Context(), &registryv1.RegisterSignatoryRequest{OrganisationNumber: c.Who().Subject, Signatory: signatoryOf(f)})
	switch {
	case err == nil:
		return c.Done("/application", "signatory.done")
	case f.Refused(c, err):
		return c.ShowWith(http.StatusUnprocessableEntity, naming(c, f))
	}
	return err
}

// ending asks once before somebody may sign no more. The address has their place
// in the list and not their name; the form names them, so that it ends nobody else
// when the list has changed.
func (p *Pages) ending(c *page.Call) error {
	a, err := p.mine(c)
	if err != nil {
		return err
	}
	at, err := strconv.Atoi(c.Path("at"))
	if all := a.GetSignatories(); err != nil || at < 0 || at >= len(all) || all[at].GetUntil() != nil {
		return fault.New(fault.NotFound, "accreditation.no-signatory", "nobody of this place may sign")
	}
	one := a.GetSignatories()[at]
	return c.Show(ending(c, page.NewForm("name", one.GetName(), "role", one.GetRole())))
}

// end ends what somebody may sign.
func (p *Pages) end(c *page.Call) error {
	f := c.Form()
	_, err := p.Registry.EndSignatory(c.Context(), &registryv1.EndSignatoryRequest{
		OrganisationNumber: c.Who().Subject, Name: f.Get("name"), Role: f.Get("role"),
	})
	switch {
	case err == nil:
		return c.Done("/application", "signatory.ended")
	case f.Refused(c, err):
		return c.ShowWith(http.StatusUnprocessableEntity, ending(c, f))
	}
	return err
}
