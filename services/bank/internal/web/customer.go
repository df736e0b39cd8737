package web

import (
	"context"

	"github.com/a-h/templ"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// customer shows one customer, and what may be decided.
func (p *Pages) customer(c *page.Call) error {
	out, err := p.Accounts.GetAccount(c.Context(), &bankv1.GetAccountRequest{CaseRef: c.Path("case")})
	if err != nil {
		return err
	}
	return c.Show(customer(c, out.GetAccount()))
}

// customerLive is the part of the page that changes while it is read.
func (p *Pages) customerLive(c *page.Call) error {
	return c.Stream(func(ctx context.Context) (templ.Component, error) {
		out, err := p.Accounts.GetAccount(ctx, &bankv1.GetAccountRequest{CaseRef: c.Path("case")})
		if err != nil {
			return nil, err
		}
		return standing(c, out.GetAccount()), nil
	})
}

// said is a finding in the reader's language.
func said(c *page.Call, f *bankv1.Finding) string {
	switch c.Lang {
	case texts.English:
		return f.GetTextEn()
	case texts.Nynorsk:
		return f.GetTextNn()
	default:
		return f.GetTextNb()
	}
}
