package web

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"

	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// guide answers who opens an invitation: a browser gets the guide "Complete these
// steps", a wallet the invitation itself.
func (p *Pages) guide(c *page.Call) error {
	c.W.Header().Add("Vary", "Accept")
	if !strings.Contains(c.R.Header.Get("Accept"), "text/html") {
		invitation(p.Desk).ServeHTTP(c.W, c.R)
		return nil
	}
	if c.R.URL.RawQuery != "" {
		// The message is for wallets: without it the address is short enough to come
		// back to, as choosing a language does.
		return c.Go("/invitations/" + url.PathEscape(c.Path("offer")))
	}
	g, err := p.Desk.Guide(c.R.Context(), c.Path("offer"))
	if err != nil {
		return err
	}
	return c.Show(guide(c, c.Path("offer"), g, p.inWallet(g)))
}

// guideLive streams the steps.
func (p *Pages) guideLive(c *page.Call) error {
	id := c.Path("offer")
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		g, err := p.Desk.Guide(ctx, id)
		if err != nil {
			return nil, err
		}
		return guideSteps(c, g), nil
	})
}

// inWallet is where the web wallet takes the invitation; empty without one.
func (p *Pages) inWallet(g desk.Guide) string {
	if p.WalletURL == "" {
		return ""
	}
	return p.WalletURL + "/receive?" + url.Values{"link": {g.Link}}.Encode()
}

// stepsOf are the worker's three steps; each turns to done by itself.
func stepsOf(c *page.Call, g desk.Guide) []page.Step {
	done := []bool{g.Collected, g.Applied, g.Decided}
	var all []page.Step
	for i, key := range []string{"download", "apply", "receive"} {
		s := page.Step{Title: c.T("guide." + key), Text: c.T("guide." + key + ".text"), State: "later"}
		switch {
		case done[i]:
			s.State = "done"
		case g.Closed:
			s.State = "stopped"
		case i == 0 || done[i-1]:
			s.State = "now"
		}
		all = append(all, s)
	}
	return all
}
