package web

import (
	"embed"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/programme"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Title is the key of the portal's name.
const Title = "portal.title"

// The roles that have pages here.
const (
	Officer   rpc.Role = "officer"
	Programme rpc.Role = "programme"
)

// Pages are the officer's desk, the programme's dashboard, and what an applicant
// reads first.
type Pages struct {
	Cases     verifierv1.CaseServiceClient
	Programme verifierv1.ProgrammeServiceClient
	Payments  Payments
	// Targets are how soon an officer decides.
	Targets programme.Targets
	// WalletURL is the web wallet that applicants are led to. Empty: none.
	WalletURL string
}

// Menu is the portal's.
func Menu() []page.MenuItem {
	return []page.MenuItem{
		{Path: "/cases", Key: "menu.cases", Roles: []rpc.Role{Officer}},
		{Path: "/programme", Key: "menu.programme", Roles: []rpc.Role{Programme}},
		{Path: "/apply", Key: "menu.apply"},
	}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	officer, programme := []rpc.Role{Officer}, []rpc.Role{Programme}
	return page.Table{
		"GET /{$}":                        {Do: p.home},
		"GET /apply":                      {Do: p.apply},
		"GET " + FeePaidPath:              {Do: p.feePaid},
		"GET /cases":                      {Roles: officer, Do: p.queue},
		"POST /cases/find":                {Roles: officer, Do: p.find},
		"GET /cases/{case}":               {Roles: officer, Do: p.show},
		"GET /cases/{case}/live":          {Roles: officer, Do: p.live, Live: true},
		"GET /cases/{case}/decide":        {Roles: officer, Do: p.deciding},
		"POST /cases/{case}/preview":      {Roles: officer, Do: p.preview},
		"POST /cases/{case}/decide":       {Roles: officer, Do: p.decide},
		"GET /cases/{case}/appeal":        {Roles: officer, Do: p.appealForm},
		"POST /cases/{case}/appeal":       {Roles: officer, Do: p.decideAppeal},
		"GET /cases/{case}/paper-appeal":  {Roles: officer, Do: p.paperForm},
		"POST /cases/{case}/paper-appeal": {Roles: officer, Do: p.registerPaper},
		"GET /cases/{case}/family":        {Roles: officer, Do: p.familyForm},
		"POST /cases/{case}/family":       {Roles: officer, Do: p.decideFamily},
		"GET /cases/{case}/une":           {Roles: officer, Do: p.uneForm},
		"POST /cases/{case}/une":          {Roles: officer, Do: p.recordUNE},
		"GET /cases/{case}/revoke":        {Roles: officer, Do: p.revoking},
		"POST /cases/{case}/revoke":       {Roles: officer, Do: p.revoke},
		"GET /cases/{case}/withdraw":      {Roles: officer, Do: p.withdrawing},
		"POST /cases/{case}/withdraw":     {Roles: officer, Do: p.withdraw},
		"POST /cases/{case}/change":       {Roles: officer, Do: p.change},
		"GET /cases/{case}/resume":        {Roles: officer, Do: p.resuming},
		"POST /cases/{case}/resume":       {Roles: officer, Do: p.resume},
		"GET /programme":                  {Roles: programme, Do: p.dashboard},
		"GET /programme/{month}/file.csv": {Roles: programme, Do: p.export},
	}
}

// home is where everybody begins.
func (p *Pages) home(c *page.Call) error {
	switch {
	case c.Is(Officer):
		return c.Go("/cases")
	case c.Is(Programme):
		return c.Go("/programme")
	}
	return c.Show(home(c))
}

// apply tells an applicant how to apply: from the wallet, without a form.
func (p *Pages) apply(c *page.Call) error {
	link := ""
	if p.WalletURL != "" {
		link = p.WalletURL + "/apply"
	}
	return c.Show(apply(c, link))
}
