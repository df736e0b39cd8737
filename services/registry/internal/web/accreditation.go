package web

import (
	"net/http"
	"slices"
	"strings"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
)

// deskPath is where the office sees an organisation's accreditation.
func deskPath(number string) string { return "/accreditations/" + number }

func (p *Pages) get(c *page.Call, number string) (*registryv1.Accreditation, error) {
	answer, err := p.Registry.GetAccreditation(c.Context(), &registryv1.GetAccreditationRequest{OrganisationNumber: number})
	return answer.GetAccreditation(), err
}

// show is an application, or an accreditation, on one page.
func (p *Pages) show(c *page.Call) error {
	a, err := p.get(c, c.Path("number"))
	if err != nil {
		return err
	}
	return c.Show(show(c, a))
}

// review asks Enhetsregisteret anew.
func (p *Pages) review(c *page.Call) error {
	number := c.Path("number")
	if _, err := p.Registry.ReviewAccreditation(c.Context(), &registryv1.ReviewAccreditationRequest{OrganisationNumber: number}); err != nil {
		return err
	}
	return c.Done(deskPath(number), "show.reviewed")
}

// attested are the criteria that no register answers.
var attested = []string{
	string(accreditation.TaxArrears), string(accreditation.Sanctions), string(accreditation.Pay), string(accreditation.Signatories),
}

// attestable reports whether the office may write down what it found of a criterion
// now.
func attestable(a *registryv1.Accreditation, criterion string) bool {
	return slices.Contains(attested, criterion) && (a.GetState() == registryv1.AccreditationState_ACCREDITATION_STATE_PENDING ||
		a.GetState() == registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED)
}

// attesting asks what an officer has found out of one criterion.
func (p *Pages) attesting(c *page.Call) error {
	a, err := p.get(c, c.Path("number"))
	if err != nil {
		return err
	}
	if !attestable(a, c.Path("criterion")) {
		return fault.New(fault.NotFound, "accreditation.criterion", "only EMP-5 to EMP-8 of an application or a suspension are attested")
	}
	return c.Show(attest(c, a, c.Path("criterion"), page.NewForm()))
}

// attest writes it down.
func (p *Pages) attest(c *page.Call) error {
	number, criterion, f := c.Path("number"), c.Path("criterion"), c.Form()
	met := f.Get("met")
	if met != "yes" && met != "no" {
		f.Refuse(c, "met", "for-me.choose")
	}
	request := &registryv1.RecordAttestationRequest{
		OrganisationNumber: number, Criterion: criterion, Met: met == "yes", Reference: f.Get("reference"), LastSanctionOn: f.Day(c, "last_sanction_on"),
	}
	if len(f.Wrong) == 0 {
		_, err := p.Registry.RecordAttestation(c.Context(), request)
		if err == nil {
			return c.Done(deskPath(number), "attest.done")
		}
		if !f.Refused(c, err) {
			return err
		}
	}
	a, err := p.get(c, number)
	if err != nil {
		return err
	}
	return c.ShowWith(http.StatusUnprocessableEntity, attest(c, a, criterion, f))
}

// verdictKey is a verdict as texts name it.
func verdictKey(v registryv1.Verdict) string {
	return strings.ToLower(strings.TrimPrefix(v.String(), "VERDICT_"))
}

func verdictColor(v registryv1.Verdict) string {
	switch v {
	case registryv1.Verdict_VERDICT_MET:
		return "success"
	case registryv1.Verdict_VERDICT_NOT_MET:
		return "danger"
	}
	return "warning"
}

// source is who says what was found of a criterion. Who of the office it was is
// the office's to know.
func source(c *page.Call, f *registryv1.Finding) string {
	if f.GetSource() == "" {
		return c.T("source.nobody")
	}
	text := c.T("source." + strings.ToLower(f.GetSource()))
	if by := f.GetAttestedBy(); by != "" && c.Is(api.RoleProgramme) {
		text += " (" + by + ")"
	}
	return text
}

// changedBy is who changed a state.
func changedBy(c *page.Call, a *registryv1.Accreditation, by string) string {
	switch {
	case by == "registry":
		return c.T("by.registry")
	case by == a.GetOrganisationNumber():
		return c.T("by.employer")
	case c.Is(api.RoleProgramme):
		return by
	}
	return c.T("by.programme")
}

// because is why a state changed: the code in words, and what was written.
func because(c *page.Call, one *registryv1.Change) string {
	text := c.T("reason." + reasonKey(one.GetReasonCode()))
	if one.GetReason() != "" {
		text += ": " + one.GetReason()
	}
	return text
}

func reasonKey(r registryv1.ReasonCode) string {
	return strings.ToLower(strings.TrimPrefix(r.String(), "REASON_CODE_"))
}
