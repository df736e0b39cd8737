package web

import (
	"net/http"
	"strconv"
	"strings"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// What a clerk may find of a possible duplicate, as the form sends it.
const (
	same    = "same"
	another = "another"
	refuse  = "refuse"
)

// comparing asks whether the person is known already.
func (p *Pages) comparing(c *page.Call) error {
	one, err := p.read(c)
	if err != nil {
		return err
	}
	return c.Show(resolving(c, one, page.NewForm()))
}

// resolve decides: the same person as one who has a number, another, or none.
func (p *Pages) resolve(c *page.Call) error {
	f := c.Form()
	request := &taxv1.ResolveDuplicateRequest{CaseRef: c.Path("case")}
	switch f.Get("decision") {
	case same:
		number := strings.ReplaceAll(f.Get("existing_identifier"), " ", "")
		if number == "" {
			f.Refuse(c, "existing_identifier", "resolve.number.missing")
		}
		request.Decision = &taxv1.ResolveDuplicateRequest_ExistingIdentifier{ExistingIdentifier: number}
	case another:
		request.Decision = &taxv1.ResolveDuplicateRequest_AnotherPerson{AnotherPerson: true}
	case refuse:
		request.Decision = &taxv1.ResolveDuplicateRequest_Refuse{Refuse: true}
	default:
		f.Refuse(c, "decision", "resolve.missing")
	}
	if len(f.Wrong) == 0 {
		_, err := p.Registrations.ResolveDuplicate(c.Context(), request)
		switch {
		case err == nil:
			return c.Done(path(c, ""), "resolve.done")
		case fault.RuleOf(err) == "registration.not-queued":
			// Somebody was faster. The page says how it stands now.
			return c.Done(path(c, ""), "resolve.late")
		case !f.RefusedOrMissing(c, err):
			return err
		}
		for i, one := range f.Wrong { // the API names the number alone
			if one.Field == "" && f.Get("decision") == same {
				f.Wrong[i].Field = "existing_identifier"
			}
		}
	}
	one, err := p.read(c)
	if err != nil {
		return err
	}
	return c.ShowWith(http.StatusUnprocessableEntity, resolving(c, one, f))
}

// replacing asks once before a D-number is replaced.
func (p *Pages) replacing(c *page.Call) error { return c.Show(page.Ask(c, replaceQuestion(c, nil))) }

func replaceQuestion(c *page.Call, f *page.Form) page.Question {
	return page.Question{
		Title: c.T("replace.title"), Text: c.T("replace.text"), Path: path(c, "/replace"), Do: c.T("replace.do"),
		Back: page.Link{Path: path(c, ""), Text: c.T("person.back")}, Form: f,
	}
}

// replace has the register asked for a fødselsnummer.
func (p *Pages) replace(c *page.Call) error {
	f := c.Form()
	_, err := p.Registrations.ReplaceIdentifier(c.Context(), &taxv1.ReplaceIdentifierRequest{CaseRef: c.Path("case")})
	switch {
	case err == nil:
		return c.Done(path(c, ""), "replace.done")
	case f.Refused(c, err):
		return c.ShowWith(http.StatusUnprocessableEntity, page.Ask(c, replaceQuestion(c, f)))
	}
	return err
}

// taxing asks what the employer is to withhold, and begins with what it does now.
func (p *Pages) taxing(c *page.Call) error {
	answer, err := p.Registrations.GetRegistration(c.Context(), &taxv1.GetRegistrationRequest{CaseRef: c.Path("case"), Brief: true})
	if err != nil {
		return err
	}
	now := answer.GetRegistration().GetTaxCard()
	year, way, d := now.GetIncomeYear(), "percent", now.GetDeduction()
	switch {
	case d.GetTable() != "":
		way = "table"
	case d.GetAtSource():
		way = "source"
	}
	if year == "" {
		year = strconv.Itoa(c.Portal.Clock.Now().In(c.Portal.Zone).Year())
	}
	return c.Show(taxing(c, page.NewForm(
		"income_year", year, "way", way, "deduction.percent", strconv.Itoa(int(d.GetPercent())), "deduction.table", d.GetTable(), "deduction.months", months(d),
	)))
}

func months(d *taxv1.Deduction) string {
	if d.GetMonths() == 0 {
		return ""
	}
	return strconv.Itoa(int(d.GetMonths()))
}

// recordCard issues the new tax card instead of the old.
func (p *Pages) recordCard(c *page.Call) error {
	f := c.Form()
	d := &taxv1.Deduction{Percent: int32(f.Number(c, "deduction.percent")), AtSource: f.Get("way") == "source"}
	if f.Get("way") == "table" {
		d.Table, d.Months = f.Get("deduction.table"), int32(f.Number(c, "deduction.months"))
	}
	if len(f.Wrong) == 0 {
		_, err := p.Registrations.RecordTaxCard(c.Context(), &taxv1.RecordTaxCardRequest{CaseRef: c.Path("case"), IncomeYear: f.Get("income_year"), Deduction: d})
		if err == nil {
			return c.Done(path(c, ""), "card.done")
		}
		if !f.Refused(c, err) {
			return err
		}
	}
	return c.ShowWith(http.StatusUnprocessableEntity, taxing(c, f))
}
