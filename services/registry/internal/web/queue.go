package web

import (
	"net/url"
	"slices"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// filters are the states that the queue can be narrowed to; those that wait for the
// office come first.
var filters = []registryv1.AccreditationState{
	registryv1.AccreditationState_ACCREDITATION_STATE_PENDING, registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED,
	registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED, registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED,
	registryv1.AccreditationState_ACCREDITATION_STATE_EXPIRED,
}

// waiting is a page of the queue.
type waiting struct {
	All         []*registryv1.Accreditation
	State       string
	First, Next string
}

func queueAt(state, token string) string {
	q := url.Values{"state": {state}}
	if token != "" {
		q.Set("page", token)
	}
	return "/accreditations?" + q.Encode()
}

// queue shows the applications that wait for the office, or the accreditations in
// the state that is asked for.
func (p *Pages) queue(c *page.Call) error {
	w := waiting{State: c.Query("state")}
	if w.State == "" {
		w.State = stateKey(filters[0])
	}
	state := registryv1.AccreditationState_ACCREDITATION_STATE_UNSPECIFIED
	if w.State != "all" {
		at := slices.IndexFunc(filters, func(s registryv1.AccreditationState) bool { return stateKey(s) == w.State })
		if at < 0 {
			return fault.New(fault.NotFound, "page.no-such-filter", "there is no such filter")
		}
		state = filters[at]
	}
	answer, err := p.Registry.ListAccreditations(c.Context(), &registryv1.ListAccreditationsRequest{
		PageSize: onePage, PageToken: c.Query("page"), State: state,
	})
	if err != nil {
		return err
	}
	w.All = answer.GetAccreditations()
	if token := answer.GetNextPageToken(); token != "" {
		w.Next = queueAt(w.State, token)
	}
	if c.Query("page") != "" {
		w.First = queueAt(w.State, "")
	}
	return c.Show(queue(c, w))
}

// open is how many criteria are not known to be met.
func open(a *registryv1.Accreditation) (n int) {
	for _, f := range a.GetFindings() {
		if f.GetVerdict() != registryv1.Verdict_VERDICT_MET {
			n++
		}
	}
	return n
}

// last is an accreditation's last change of state.
func last(a *registryv1.Accreditation) *registryv1.Change {
	if all := a.GetHistory(); len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}
