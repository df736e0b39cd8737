// Package web is the bank's portal: its clerks see who becomes a customer, and
// decide what the rules leave to people.
package web

import (
	"embed"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Title is the key of the portal's name.
const Title = "portal.title"

// Clerk is the role of those who decide about customers.
const Clerk rpc.Role = "clerk"

// Pages are the bank's portal. They call the service as everybody does.
type Pages struct{ Accounts bankv1.AccountServiceClient }

// Menu is the portal's.
func Menu() []page.MenuItem {
	return []page.MenuItem{{Path: "/customers", Key: "menu.customers", Roles: []rpc.Role{Clerk}}}
}

// As is who a listed person is to the service's calls: a clerk of the bank that
// stands as the person's office.
func As(p config.Person) rpc.Principal {
	return rpc.Principal{Role: rpc.Role(p.Role), Subject: p.Office + "/" + p.Subject}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	clerk := []rpc.Role{Clerk}
	all := page.Table{
		"GET /{$}":                    {Do: p.home},
		"GET /customers":              {Roles: clerk, Do: p.list},
		"GET /customers/{case}":       {Roles: clerk, Do: p.customer},
		"GET /customers/{case}/live":  {Roles: clerk, Do: p.customerLive, Live: true},
		"GET /customers/{case}/{do}":  {Roles: clerk, Do: p.ask},
		"POST /customers/{case}/{do}": {Roles: clerk, Do: p.decide},
	}
	return all
}

// home is where everybody begins: clerks with those who wait for them.
func (p *Pages) home(c *page.Call) error {
	if c.Is(Clerk) {
		return c.Go("/customers")
	}
	return c.Show(home(c))
}
