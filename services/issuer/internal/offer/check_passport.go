package offer

import (
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

func (c *checking) passport(f *Form) {
	p := &f.Passport
	p.DocumentNumber = strings.TrimSpace(p.DocumentNumber)
	if c.required("passport.document_number", p.DocumentNumber) && identifier.CheckPassportNumber(p.DocumentNumber) != nil {
		c.violate("passport.document_number", "offer.passport-number", "a passport number has five to nine capital letters and digits")
	}
	c.text("passport.issuing_authority", &p.IssuingAuthority, 100)
	c.country("passport.issuing_country", &p.IssuingCountry)

	issued, issuedOK := c.date("passport.date_of_issuance", &p.DateOfIssuance, "offer.passport-issued-format")
	if issuedOK && issued.After(c.today) {
		c.violate("passport.date_of_issuance", "offer.passport-issued-in-future", "the passport's date of issue lies in the future")
	}
	expiry, expiryOK := c.date("passport.date_of_expiry", &p.DateOfExpiry, "offer.passport-expiry-format")
	if !expiryOK {
		return
	}
	c.expiry = expiry
	if !expiry.After(c.today) {
		c.violate("passport.date_of_expiry", "offer.passport-expired", "the passport has expired")
	}
	if issuedOK && !issued.Before(expiry) {
		c.violate("passport.date_of_expiry", "offer.passport-dates", "the passport expires before it is issued")
	}
}
