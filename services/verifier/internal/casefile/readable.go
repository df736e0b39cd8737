package casefile

import "github.com/kompetansespor/kompetansespor/services/internal/fault"

// Readable says whether an agency may act on the case: it is granted, and
// nothing stops it.
//
// Rules: case.not-granted, view.case-halted, view.case-revoked (Conflict).
func (c *Case) Readable() error {
	switch c.state {
	case Granted, Completed:
		return nil
	case Halted:
		return fault.New(fault.Conflict, "view.case-halted", "the case is halted: it can be read when it goes on")
	case Revoked:
		return fault.New(fault.Conflict, "view.case-revoked", "the permit is revoked")
	}
	return fault.New(fault.Conflict, "case.not-granted", "the case is not granted")
}

// ReadableEarly says whether the police may look at the case for an early start
// of employment: the application is complete, its fee paid, nothing decided and
// nothing in the way (utlendingsforskriften § 6-8).
//
// Rules: case.fee-due, case.already-decided and those of Decide for what stands
// in the way (Conflict).
func (c *Case) ReadableEarly() error {
	switch {
	case !c.undecided():
		return fault.New(fault.Conflict, "case.already-decided", "the case is decided")
	case !c.fee.settled():
		return feeDue()
	}
	return c.unimpeded()
}
