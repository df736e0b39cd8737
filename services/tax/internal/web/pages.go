// Package web is the desk of a clerk at the tax administration: who waits because the
// population register may know them already, who has which number, and the tax card.
package web

import (
	"embed"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Title is the key of the portal's name.
const Title = "portal.title"

// Clerk is the role of those who work here.
const Clerk rpc.Role = "clerk"

// Pages are the clerk's desk.
type Pages struct {
	Registrations taxv1.RegistrationServiceClient
}

// Menu is the portal's.
func Menu() []page.MenuItem {
	return []page.MenuItem{{Path: "/persons", Key: "menu.persons", Roles: []rpc.Role{Clerk}}}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	clerk := []rpc.Role{Clerk}
	return page.Table{
		"GET /{$}":                       {Do: p.home},
		"GET /persons":                   {Roles: clerk, Do: p.list},
		"GET /persons/{case}":            {Roles: clerk, Do: p.person},
		"GET /persons/{case}/live":       {Roles: clerk, Do: p.personLive, Live: true},
		"GET /persons/{case}/duplicate":  {Roles: clerk, Do: p.comparing},
		"POST /persons/{case}/duplicate": {Roles: clerk, Do: p.resolve},
		"GET /persons/{case}/replace":    {Roles: clerk, Do: p.replacing},
		"POST /persons/{case}/replace":   {Roles: clerk, Do: p.replace},
		"GET /persons/{case}/tax-card":   {Roles: clerk, Do: p.taxing},
		"POST /persons/{case}/tax-card":  {Roles: clerk, Do: p.recordCard},
	}
}

// home is where everybody begins: clerks with those who wait for them.
func (p *Pages) home(c *page.Call) error {
	if c.Is(Clerk) {
		return c.Go("/persons")
	}
	return c.Show(home(c))
}
