// Package web is the desk of a police officer: who comes today, who that is, and
// what follows.
package web

import (
	"embed"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Title is the key of the portal's name.
const Title = "portal.title"

// Officer is the role of those who work here.
const Officer rpc.Role = "officer"

// Pages are the officer's desk.
type Pages struct {
	Appointments policev1.AppointmentServiceClient
	Cards        policev1.ResidenceCardServiceClient
	EarlyStarts  policev1.EarlyStartServiceClient
}

// Menu is the portal's.
func Menu() []page.MenuItem {
	officer := []rpc.Role{Officer}
	return []page.MenuItem{
		{Path: "/today", Key: "menu.today", Roles: officer},
		{Path: "/early-start", Key: "menu.early", Roles: officer},
	}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	officer := []rpc.Role{Officer}
	return page.Table{
		"GET /{$}":                         {Do: p.home},
		"GET /today":                       {Roles: officer, Do: p.today},
		"GET /today/live":                  {Roles: officer, Do: p.todayLive, Live: true},
		"GET /visits/{case}":               {Roles: officer, Do: p.visit},
		"GET /visits/{case}/control":       {Roles: officer, Do: p.control},
		"POST /visits/{case}/control":      {Roles: officer, Do: p.attend},
		"POST /visits/{case}/biometrics":   {Roles: officer, Do: p.biometrics},
		"GET /visits/{case}/missed":        {Roles: officer, Do: p.askMissed},
		"POST /visits/{case}/missed":       {Roles: officer, Do: p.missed},
		"GET /visits/{case}/rebook":        {Roles: officer, Do: p.rebooking},
		"POST /visits/{case}/rebook":       {Roles: officer, Do: p.rebook},
		"POST /visits/{case}/card/{state}": {Roles: officer, Do: p.card},
		"GET /early-start":                 {Roles: officer, Do: p.earlyForm},
		"POST /early-start":                {Roles: officer, Do: p.early},
	}
}

func (p *Pages) home(c *page.Call) error {
	if c.Is(Officer) {
		return c.Go("/today")
	}
	return c.Show(home(c))
}
