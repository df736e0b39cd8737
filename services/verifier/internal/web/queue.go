package web

import (
	"net/url"
	"slices"
	"strings"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

const onePage = 25

// filters are the states that a queue can be narrowed to; those that wait for an
// officer come first.
var filters = []verifierv1.CaseState{
	verifierv1.CaseState_CASE_STATE_OPEN, verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED, verifierv1.CaseState_CASE_STATE_HALTED,
	verifierv1.CaseState_CASE_STATE_FEE_DUE, verifierv1.CaseState_CASE_STATE_AWAITING_NEW_OFFER, verifierv1.CaseState_CASE_STATE_DECIDED,
	verifierv1.CaseState_CASE_STATE_COMPLETED, verifierv1.CaseState_CASE_STATE_REFUSED, verifierv1.CaseState_CASE_STATE_FORWARDED_TO_UNE,
	verifierv1.CaseState_CASE_STATE_UNE_UPHELD, verifierv1.CaseState_CASE_STATE_REVOKED, verifierv1.CaseState_CASE_STATE_WITHDRAWN,
}

// stateKey is a state as texts and addresses name it.
func stateKey(s verifierv1.CaseState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "CASE_STATE_"))
}

func stateColor(s verifierv1.CaseState) string {
	switch s {
	case verifierv1.CaseState_CASE_STATE_OPEN, verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED:
		return "info"
	case verifierv1.CaseState_CASE_STATE_DECIDED, verifierv1.CaseState_CASE_STATE_COMPLETED:
		return "success"
	case verifierv1.CaseState_CASE_STATE_HALTED, verifierv1.CaseState_CASE_STATE_AWAITING_NEW_OFFER:
		return "warning"
	case verifierv1.CaseState_CASE_STATE_REVOKED:
		return "danger"
	}
	return "neutral"
}

// waiting is what the queue shows.
type waiting struct {
	Cases       []*verifierv1.Case
	State       string
	Newest      bool
	First, Next string
	Found       bool            // the answer of a search
	Late        map[string]bool // by case
}

// at is the queue's address, with what is changed.
func (w waiting) at(state string, newest bool, token string) string {
	q := url.Values{}
	for name, value := range map[string]string{"state": state, "page": token} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if newest {
		q.Set("order", "newest")
	}
	if len(q) == 0 {
		return "/cases"
	}
	return "/cases?" + q.Encode()
}

// queue shows the cases that wait for an officer, oldest first, or those that are
// asked for.
func (p *Pages) queue(c *page.Call) error {
	w := waiting{State: c.Query("state"), Newest: c.Query("order") == "newest"}
	if w.State == "" {
		w.State = stateKey(verifierv1.CaseState_CASE_STATE_OPEN)
	}
	state := verifierv1.CaseState_CASE_STATE_UNSPECIFIED
	if w.State != "all" {
		at := slices.IndexFunc(filters, func(s verifierv1.CaseState) bool { return stateKey(s) == w.State })
		if at < 0 {
			return fault.New(fault.NotFound, "page.no-such-filter", "there is no such filter")
		}
		state = filters[at]
	}
	answer, err := p.Cases.ListCases(c.Context(), &verifierv1.ListCasesRequest{
		PageSize: onePage, PageToken: c.Query("page"), State: state, NewestFirst: w.Newest,
	})
	if err != nil {
		return err
	}
	w.Cases, w.Late = answer.GetCases(), map[string]bool{}
	for _, one := range w.Cases {
		w.Late[one.GetCaseRef()] = p.isLate(c, one)
	}
	if token := answer.GetNextPageToken(); token != "" {
		w.Next = w.at(w.State, w.Newest, token)
	}
	if c.Query("page") != "" {
		w.First = w.at(w.State, w.Newest, "")
	}
	return c.Show(queue(c, w))
}

// find looks for a case by its number or its applicant's DUF number, which is sent
// in a form: it stands in no address.
func (p *Pages) find(c *page.Call) error {
	number := strings.Join(strings.Fields(c.Form().Get("number")), "")
	if number == "" {
		return c.Go("/cases")
	}
	answer, err := p.Cases.FindCase(c.Context(), &verifierv1.FindCaseRequest{Number: number})
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return c.Show(queue(c, waiting{Found: true}))
	}
	if err != nil {
		return err
	}
	return c.Go("/cases/" + answer.GetCase().GetCaseRef())
}

// isLate reports whether a case has waited for an officer longer than its target.
func (p *Pages) isLate(c *page.Call, one *verifierv1.Case) bool {
	since, after := one.GetOpenedAt(), casefile.FeePaid
	switch one.GetState() {
	case verifierv1.CaseState_CASE_STATE_OPEN:
		if paid := one.GetFee().GetPaidAt(); paid != nil {
			since = paid
		}
	case verifierv1.CaseState_CASE_STATE_APPEAL_RECEIVED:
		since, after = one.GetAppeal().GetReceivedAt(), casefile.DecisionAppealed
	default:
		return false
	}
	now := c.Portal.Clock.Now()
	within := p.Targets.Within(casefile.DecisionMade, after, now)
	return within > 0 && now.Sub(since.AsTime()) > within
}
