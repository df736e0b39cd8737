package web

import (
	"net/url"
	"strings"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// statePrefix begins the contract's names of states; the rest names texts and
// filters.
const statePrefix = "ACCOUNT_STATE_"

// filters are the states that the list can be of, those that need a clerk first.
var filters = []bankv1.AccountState{
	bankv1.AccountState_ACCOUNT_STATE_QUEUED,
	bankv1.AccountState_ACCOUNT_STATE_FROZEN,
	bankv1.AccountState_ACCOUNT_STATE_STOPPED,
	bankv1.AccountState_ACCOUNT_STATE_WAITING_FOR_IDENTIFIER,
	bankv1.AccountState_ACCOUNT_STATE_WAITING_FOR_FNR,
	bankv1.AccountState_ACCOUNT_STATE_OPEN,
	bankv1.AccountState_ACCOUNT_STATE_DECLINED,
	bankv1.AccountState_ACCOUNT_STATE_NOT_GRANTED,
	bankv1.AccountState_ACCOUNT_STATE_FAILED,
	bankv1.AccountState_ACCOUNT_STATE_CLOSED,
}

func word(state bankv1.AccountState) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(state.String(), statePrefix), "_", "-"))
}

func color(state bankv1.AccountState) string {
	switch state {
	case bankv1.AccountState_ACCOUNT_STATE_OPEN:
		return "success"
	case bankv1.AccountState_ACCOUNT_STATE_QUEUED, bankv1.AccountState_ACCOUNT_STATE_STOPPED:
		return "warning"
	case bankv1.AccountState_ACCOUNT_STATE_FROZEN, bankv1.AccountState_ACCOUNT_STATE_FAILED:
		return "danger"
	default:
		return "neutral"
	}
}

// chosen is the state that the list is asked for: those who wait for a clerk when
// nothing is, and every state when that is.
func chosen(c *page.Call) bankv1.AccountState {
	asked := c.Query("state")
	if asked == "all" {
		return bankv1.AccountState_ACCOUNT_STATE_UNSPECIFIED
	}
	for _, one := range filters {
		if word(one) == asked {
			return one
		}
	}
	return filters[0]
}

func listPath(state bankv1.AccountState, token string) string {
	name := word(state)
	if state == bankv1.AccountState_ACCOUNT_STATE_UNSPECIFIED {
		name = "all"
	}
	query := url.Values{"state": {name}}
	if token != "" {
		query.Set("page", token)
	}
	return "/customers?" + query.Encode()
}

// list shows the bank's customers in a state.
func (p *Pages) list(c *page.Call) error {
	state := chosen(c)
	out, err := p.Accounts.ListAccounts(c.Context(), &bankv1.ListAccountsRequest{State: state, PageToken: c.Query("page"), PageSize: 25})
	if err != nil {
		return err
	}
	first, next := "", ""
	if c.Query("page") != "" {
		first = listPath(state, "")
	}
	if token := out.GetNextPageToken(); token != "" {
		next = listPath(state, token)
	}
	return c.Show(customers(c, state, out.GetAccounts(), first, next))
}
