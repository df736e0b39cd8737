package accreditation

import (
	"slices"
	"time"
)

// Change is one change of an accreditation's state.
type Change struct {
	From   State // empty for the first
	To     State
	Code   string
	Reason string
	By     string
	At     time.Time
}

// Changes are all changes, oldest first.
func (a *Accreditation) Changes() []Change { return slices.Clone(a.changes) }

// Since is when the present state began.
func (a *Accreditation) Since() time.Time {
	if len(a.changes) == 0 {
		return time.Time{}
	}
	return a.changes[len(a.changes)-1].At
}

// StateAt is the state at an instant, empty before the application. Past its
// last day an accreditation is over, whether that has been recorded or not.
func (a *Accreditation) StateAt(at time.Time) State {
	var state State
	for _, c := range a.changes {
		if c.At.After(at) {
			break
		}
		state = c.To
	}
	if (state == Accredited || state == Suspended) && a.over(at) {
		return Expired
	}
	return state
}

// Period is a time in which an accreditation was in force: from an instant, and
// until another, which no longer belongs to it.
type Period struct{ From, Until time.Time }

// InForceBetween gives the periods within [from, until) in which the
// accreditation was in force, oldest first. Of what has not come yet it says
// what holds if nothing happens.
func (a *Accreditation) InForceBetween(from, until time.Time) []Period {
	var all []Period
	for i, c := range a.changes {
		if c.To != Accredited {
			continue
		}
		end := a.End()
		if i+1 < len(a.changes) && a.changes[i+1].At.Before(end) {
			end = a.changes[i+1].At
		}
		p := Period{From: c.At, Until: end}
		if p.From.Before(from) {
			p.From = from
		}
		if p.Until.After(until) {
			p.Until = until
		}
		if p.From.Before(p.Until) {
			all = append(all, p)
		}
	}
	return all
}
