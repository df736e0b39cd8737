package simulation

import (
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/tax"
)

// request is a requisition of a number that the register has.
func (a *agencies) request(c *life, at time.Time) error {
	if c.registration != nil {
		return nil
	}
	r, err := tax.SimulateRegistration(c.ref())
	if err != nil {
		return err
	}
	permit := tax.SimulatedPermit{ValidFrom: c.validFrom, ValidUntil: c.validUntil}
	if _, err := r.Grant(permit, a.taxFigures.KindFor(permit, at)); err != nil {
		return err
	}
	if _, err := r.Identify(tax.SimulatedControl{PerformedBy: "police", PerformedAt: at}); err != nil {
		return err
	}
	if _, err := r.Request("req_"+c.ref(), at); err != nil {
		return err
	}
	if !r.Send("req_"+c.ref()) || !r.Sent("req_"+c.ref(), "receipt") {
		return fmt.Errorf("the requisition cannot be sent")
	}
	c.registration = r
	return nil
}

// suspectDuplicate is the register's answer that its clerks must look.
func (a *agencies) suspectDuplicate(c *life, at time.Time) error {
	if err := a.request(c, at); err != nil {
		return err
	}
	_, err := c.registration.Heard(tax.SimulatedAnswer{Sequence: 1, Reference: "req_" + c.ref(), Queued: &tax.SimulatedQueue{
		Deadline: a.taxFigures.DuplicateDeadline(at), Reason: tax.SimulatedDuplicate,
	}}, identifier.Synthetic, at)
	return err
}

// assign gives the worker the first number that nobody has, and the tax card.
func (a *agencies) assign(c *life, at time.Time) error {
	if err := a.request(c, at); err != nil {
		return err
	}
	birth, err := time.Parse(time.DateOnly, c.person.Birthdate)
	if err != nil {
		return err
	}
	kind := c.registration.Kind()
	series := identifier.Series{Kind: kind, Birth: birth, Sex: c.person.Sex, Rule: identifier.ControlRuleAt(at)}
	if err := series.Check(); err != nil {
		return err
	}
	for candidate := range series.Numbers() {
		if a.numbers[candidate.Number] {
			continue
		}
		a.numbers[candidate.Number] = true
		number := tax.SimulatedNumber{Kind: kind, Number: candidate.Number, DateDeviates: candidate.DateDeviates, How: tax.SimulatedNew}
		if _, err := c.registration.Heard(tax.SimulatedAnswer{Sequence: 2, Reference: "req_" + c.ref(), Number: &number}, identifier.Synthetic, at); err != nil {
			return err
		}
		if changed, _ := c.registration.Announce(at); !changed {
			return fmt.Errorf("the number is not announced")
		}
		start, err := time.Parse(time.DateOnly, c.facts.StartDate)
		if err != nil {
			return err
		}
		deduction := a.taxFigures.Deduct(tax.SimulatedWork{StartDate: start, AnnualSalary: c.facts.AnnualSalary, OrganisationNumber: c.facts.OrganisationNumber}, start.Year())
		return c.registration.IssueCard(int64(c.number+1), start.Year(), deduction, at)
	}
	return identifier.Exhausted()
}
