package web

import (
	"net/url"
	"strings"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// filters are the states that the list can be of, those that need a clerk first.
var filters = []taxv1.RegistrationState{
	taxv1.RegistrationState_REGISTRATION_STATE_QUEUED, taxv1.RegistrationState_REGISTRATION_STATE_REJECTED,
	taxv1.RegistrationState_REGISTRATION_STATE_FAILED, taxv1.RegistrationState_REGISTRATION_STATE_REQUESTED,
	taxv1.RegistrationState_REGISTRATION_STATE_WAITING_FOR_IDENTITY, taxv1.RegistrationState_REGISTRATION_STATE_ASSIGNED,
	taxv1.RegistrationState_REGISTRATION_STATE_STOPPED, taxv1.RegistrationState_REGISTRATION_STATE_NOT_GRANTED,
}

// all is the filter of every state, as addresses have it.
const all = "all"

// word is a name of the contract as texts and addresses have it.
func word(name, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", "-"))
}

func stateWord(s taxv1.RegistrationState) string { return word(s.String(), "REGISTRATION_STATE_") }

func color(s taxv1.RegistrationState) string {
	switch s {
	case taxv1.RegistrationState_REGISTRATION_STATE_ASSIGNED:
		return "success"
	case taxv1.RegistrationState_REGISTRATION_STATE_QUEUED, taxv1.RegistrationState_REGISTRATION_STATE_STOPPED:
		return "warning"
	case taxv1.RegistrationState_REGISTRATION_STATE_REJECTED, taxv1.RegistrationState_REGISTRATION_STATE_FAILED:
		return "danger"
	case taxv1.RegistrationState_REGISTRATION_STATE_REQUESTED:
		return "info"
	}
	return "neutral"
}

// listed is one page of the list.
type listed struct {
	State       string // the filter, as addresses have it
	All         []*taxv1.Registration
	First, Next string
}

func listPath(state, token string) string {
	query := url.Values{"state": {state}}
	if token != "" {
		query.Set("page", token)
	}
	return "/persons?" + query.Encode()
}

// list shows those who wait for a clerk, or who are in another state.
func (p *Pages) list(c *page.Call) error {
	l := listed{State: stateWord(filters[0])}
	state := filters[0]
	switch asked := c.Query("state"); asked {
	case all:
		l.State, state = all, 0
	default:
		for _, one := range filters {
			if stateWord(one) == asked {
				l.State, state = asked, one
			}
		}
	}
	answer, err := p.Registrations.ListRegistrations(c.Context(), &taxv1.ListRegistrationsRequest{State: state, PageToken: c.Query("page"), PageSize: 25})
	if err != nil {
		return err
	}
	l.All = answer.GetRegistrations()
	if c.Query("page") != "" {
		l.First = listPath(l.State, "")
	}
	if token := answer.GetNextPageToken(); token != "" {
		l.Next = listPath(l.State, token)
	}
	return c.Show(persons(c, l))
}
