package offer

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func (c *checking) employer(f *Form) {
	e := &f.Employer
	e.OrganisationNumber = strings.ReplaceAll(strings.TrimSpace(e.OrganisationNumber), " ", "")
	if c.required("employer.organisation_number", e.OrganisationNumber) {
		if identifier.CheckOrganisationNumber(e.OrganisationNumber, c.rules.Mode) != nil {
			c.violate("employer.organisation_number", "offer.organisation-number", "this is no organisation number that is accepted here")
		}
	}
	c.text("employer.legal_name", &e.LegalName, 200)
	c.email("employer.contact_email", &e.ContactEmail)

	c.name("signatory.name", &f.Signatory.Name)
	c.text("signatory.role", &f.Signatory.Role, 100)
	c.optionalText("signatory.authorised_by", &f.Signatory.AuthorisedBy, 200)
}

func (c *checking) email(field string, value *string) {
	*value = strings.TrimSpace(*value)
	if c.required(field, *value) && identifier.CheckEmail(*value) != nil {
		c.violate(field, "offer.email-format", "this is no e-mail address")
	}
}
