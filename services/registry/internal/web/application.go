package web

import (
	"net/http"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// usualRight is the authorisation in Ansattporten that the programme is used with.
const usualRight = "urn:altinn:resource:kompetansespor-issue"

// mine is the reader's own accreditation, nil when there never was one. Whose it is
// comes from the session and never from the request.
func (p *Pages) mine(c *page.Call) (*registryv1.Accreditation, error) {
	a, err := p.get(c, c.Who().Subject)
	if fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return a, err
}

// application shows an employer how its application stands, what is missing and
// what happens next.
func (p *Pages) application(c *page.Call) error {
	a, err := p.mine(c)
	if err != nil {
		return err
	}
	if a == nil {
		return c.Show(notApplied(c))
	}
	return c.Show(application(c, a))
}

// mayApply reports whether an employer may apply, or amend what it has applied with.
func mayApply(c *page.Call, a *registryv1.Accreditation) bool {
	switch a.GetState() {
	case registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED, registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED:
		return false
	case registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED:
		return !c.Portal.Clock.Now().Before(a.GetBannedUntil().AsTime())
	}
	return true
}

// pending reports whether what is sent amends an application.
func pending(a *registryv1.Accreditation) bool {
	return a.GetState() == registryv1.AccreditationState_ACCREDITATION_STATE_PENDING
}

// applying shows the form, as it was sent last.
func (p *Pages) applying(c *page.Call) error {
	a, err := p.mine(c)
	if err != nil {
		return err
	}
	if !mayApply(c, a) {
		return c.Go("/application")
	}
	name := a.GetLegalName()
	if name == "" {
		name = c.Session.For
	}
	did := a.GetDid()
	if did == "" && p.EmployersDID != "" {
		did = p.EmployersDID + ":" + c.Who().Subject
	}
	return c.Show(apply(c, a, page.NewForm(
		"legal_name", name, "did", did, "contact_email", a.GetContactEmail(), "municipality", a.GetMunicipality(),
		"signatory.right", usualRight,
	)))
}

// apply sends the application. Who may sign already stays when it is amended.
func (p *Pages) apply(c *page.Call) error {
	a, err := p.mine(c)
	if err != nil {
		return err
	}
	f := c.Form()
	request := &registryv1.ApplyForAccreditationRequest{
		OrganisationNumber: c.Who().Subject, LegalName: f.Get("legal_name"), Did: f.Get("did"), ContactEmail: f.Get("contact_email"),
		Municipality: digits(f.Get("municipality")), PayDeclaredBy: f.Get("pay_declared_by"),
	}
	if pending(a) {
		request.Signatories = active(a)
	}
	if one := signatoryOf(f); one.GetName() != "" || one.GetRole() != "" {
		request.Signatories = append(request.Signatories, one)
	}
	_, err = p.Registry.ApplyForAccreditation(c.Context(), request)
	switch {
	case err == nil:
		return c.Done("/application", "apply.done")
	case f.Refused(c, err):
		return c.ShowWith(http.StatusUnprocessableEntity, apply(c, a, f))
	}
	return err
}
