package casefile

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Cause is why a case is stopped, by a code that events carry.
type Cause string

// Causes. Those of an employer follow the register of the programme; those of
// an offer follow its employer.
const (
	CauseOfferWithdrawn    Cause = "OFFER_WITHDRAWN"
	CauseOfferSuperseded   Cause = "OFFER_SUPERSEDED"
	CauseEmployerSuspended Cause = "EMPLOYER_SUSPENDED"
	CauseEmployerRevoked   Cause = "EMPLOYER_REVOKED"
	CauseEmployerBankrupt  Cause = "EMPLOYER_BANKRUPT"
)

// impediments are the causes, each with the step that tells of it, who tells,
// and the rule that a grant breaks while it lasts.
var impediments = map[Cause]struct {
	step          Milestone
	service, rule string
	message       string
}{
	CauseOfferWithdrawn:    {OfferWithdrawn, "issuer", "case.offer-withdrawn", "the employer has withdrawn the offer"},
	CauseOfferSuperseded:   {OfferSuperseded, "issuer", "case.offer-superseded", "the employer has changed the offer: the case waits for the worker to present the new one"},
	CauseEmployerSuspended: {EmployerStopped, "registry", "case.employer-suspended", "the employer's accreditation is suspended"},
	CauseEmployerRevoked:   {EmployerStopped, "registry", "case.employer-revoked", "the employer's accreditation is revoked"},
	CauseEmployerBankrupt:  {EmployerStopped, "registry", "case.employer-bankrupt", "the employer is bankrupt"},
}

// Impede records something that stands in the way of a grant, or of what a
// grant leads to. halted is true when that stops a granted case: the machine's,
// and reversible. A completed case is not stopped: that is for an officer to
// look at (Causes). What impedes already changes nothing, and nothing impedes a
// case that is over.
//
// Rule: case.cause (Invalid).
func (c *Case) Impede(cause Cause, at time.Time) (changed, halted bool, err error) {
	impediment, known := impediments[cause]
	if !known || at.IsZero() {
		return false, false, fault.New(fault.Invalid, "case.cause", "this is no cause that stops a case")
	}
	if slices.Contains(c.causes, cause) || c.over() {
		return false, false, nil
	}
	c.causes = append(c.causes, cause)
	c.tell(impediment.step, impediment.service, at, Human, string(cause))
	switch {
	case c.undecided():
		return true, false, c.move(settle)
	case c.state == Granted:
		if err := c.move(halt); err != nil {
			return false, false, err
		}
		c.tell(CaseHalted, "verifier", at, Machine, string(cause))
		return true, true, nil
	}
	return true, false, nil
}

// Lift takes an impediment away. resumed is true when nothing else impedes a
// halted case: it goes on where it was, and is completed when everything was
// done before. What does not impede changes nothing.
func (c *Case) Lift(cause Cause, at time.Time) (changed, resumed, completed bool, err error) {
	i := slices.Index(c.causes, cause)
	if i < 0 || c.over() {
		return false, false, false, nil
	}
	c.causes = slices.Delete(slices.Clone(c.causes), i, i+1)
	if impediments[cause].step == EmployerStopped {
		c.tell(EmployerStands, "registry", at, Human, string(cause))
	}
	switch {
	case c.undecided():
		return true, false, false, c.move(settle)
	case c.state != Halted || len(c.causes) > 0:
		return true, false, false, nil
	}
	if err := c.move(resume); err != nil {
		return false, false, false, err
	}
	c.tell(CaseResumed, "verifier", at, Machine, string(cause))
	completed, err = c.completeIfDone()
	return true, true, completed, err
}

// unimpeded wants nothing to stand in the way of a grant.
func (c *Case) unimpeded() error {
	if len(c.causes) == 0 {
		return nil
	}
	first := impediments[c.causes[0]]
	return fault.New(fault.Conflict, first.rule, "%s", first.message)
}

// Impeded reports whether the cause stands in the case's way.
func (c *Case) Impeded(by Cause) bool { return slices.Contains(c.causes, by) }

// Causes is what stands in the case's way, in the order in which it came.
func (c *Case) Causes() []Cause { return slices.Clone(c.causes) }
