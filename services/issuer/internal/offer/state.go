package offer

import "github.com/kompetansespor/kompetansespor/services/internal/fault"

// State is where an offer stands.
type State string

const (
	// Drafted: the employer is still writing.
	Drafted State = "DRAFT"
	// Discarded: the draft was deleted; nothing of the worker is left. Final.
	Discarded State = "DISCARDED"
	// Issued: the employer has signed and the invitation is open.
	Issued State = "ISSUED"
	// Collecting: one connection gave the code and is being served.
	Collecting State = "COLLECTING"
	// Collected: the credential is with the worker.
	Collected State = "COLLECTED"
	// Withdrawn: the employer took the offer back. Final.
	Withdrawn State = "WITHDRAWN"
	// Superseded: another offer has taken its place. Final.
	Superseded State = "SUPERSEDED"
	// Expired: nobody finished collecting in time. It may still be withdrawn.
	Expired State = "EXPIRED"
)

// known lists the states.
var known = map[State]bool{
	Drafted: true, Discarded: true, Issued: true, Collecting: true, Collected: true, Withdrawn: true, Superseded: true, Expired: true,
}

// Open reports whether an offer of the state may still lead to a permit.
func (s State) Open() bool { return s == Issued || s == Collecting || s == Collected }

type verb int

const (
	change verb = iota
	discard
	sign
	collect
	deliver
	withdraw
	supersede
	expire
)

// transition is the one place that knows which verb leads from where to where.
// A verb that leads to the state itself is a repetition without effect, except
// that a draft may be changed again and again.
func transition(from State, v verb) (State, bool) {
	switch v {
	case change:
		return Drafted, from == Drafted
	case discard:
		return Discarded, from == Drafted || from == Discarded
	case sign:
		if from == Drafted {
			return Issued, true
		}
		return from, from != Discarded
	case collect:
		if from == Issued {
			return Collecting, true
		}
		return from, from == Collecting || from == Collected
	case deliver:
		return Collected, from == Collecting || from == Collected
	case withdraw:
		return Withdrawn, from.Open() || from == Expired || from == Withdrawn
	case supersede:
		return Superseded, from.Open() || from == Superseded
	case expire:
		return Expired, from == Issued || from == Collecting || from == Expired
	}
	return "", false
}

// next is the state that a verb leads to, or why it leads nowhere.
func (o *Offer) next(v verb) (State, error) {
	next, ok := transition(o.state, v)
	if !ok {
		return "", o.refusal(v)
	}
	return next, nil
}

func (o *Offer) refusal(v verb) error {
	switch {
	case o.state == Discarded:
		return fault.New(fault.Conflict, "offer.discarded", "the draft was deleted")
	case o.state == Drafted:
		return fault.New(fault.Conflict, "offer.draft", "the offer is a draft: sign it or delete it")
	case v == change || v == discard:
		return fault.New(fault.Conflict, "offer.signed", "the offer is signed: change or withdraw the offer instead")
	case o.state == Withdrawn:
		return fault.New(fault.Conflict, "offer.withdrawn", "the employer has withdrawn the offer")
	case o.state == Superseded:
		return fault.New(fault.Conflict, "offer.superseded", "another offer has taken the place of this one")
	case o.state == Expired:
		return fault.New(fault.Conflict, "offer.expired", "the offer has expired")
	case v == deliver:
		return fault.New(fault.Conflict, "offer.not-collecting", "nobody is collecting the offer")
	}
	return fault.New(fault.Conflict, "offer.state", "the offer is in another state than this needs")
}
