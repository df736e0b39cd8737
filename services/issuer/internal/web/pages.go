package web

import (
	"embed"
	"io"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Pages are the employer's portal, and the worker's guide. They call the service as
// everybody does; the guide alone is a public document of the desk's.
type Pages struct {
	Offers issuerv1.OfferServiceClient
	Desk   *desk.Desk
	Random io.Reader
	// WalletURL is the web wallet to lead workers to. Empty: none.
	WalletURL string
}

// Title is the key of the portal's name.
const Title = "portal.title"

// Employer is the role of those who sign offers.
const Employer rpc.Role = "employer"

// Menu is the portal's.
func Menu() []page.MenuItem {
	employer := []rpc.Role{Employer}
	return []page.MenuItem{
		{Path: "/offers", Key: "menu.offers", Roles: employer},
		{Path: "/drafts/new", Key: "menu.new", Roles: employer},
		{Path: "/imports", Key: "menu.import", Roles: employer},
	}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	employer := []rpc.Role{Employer}
	return page.Table{
		"GET /{$}":                      {Do: p.home},
		"GET /offers":                   {Roles: employer, Do: p.list},
		"POST /offers/search":           {Roles: employer, Do: p.search},
		"GET /drafts/new":               {Roles: employer, Do: p.newDraft},
		"POST /drafts":                  {Roles: employer, Do: p.createDraft},
		"GET /drafts/{offer}":           {Roles: employer, Do: p.editDraft},
		"POST /drafts/{offer}":          {Roles: employer, Do: p.saveDraft},
		"GET /drafts/{offer}/review":    {Roles: employer, Do: p.review},
		"POST /drafts/{offer}/sign":     {Roles: employer, Do: p.sign},
		"GET /drafts/{offer}/delete":    {Roles: employer, Do: p.askDelete},
		"POST /drafts/{offer}/delete":   {Roles: employer, Do: p.deleteDraft},
		"GET /offers/{offer}":           {Roles: employer, Do: p.offer},
		"GET /offers/{offer}/live":      {Roles: employer, Do: p.offerLive, Live: true},
		"POST /offers/{offer}/resend":   {Roles: employer, Do: p.resend},
		"GET /offers/{offer}/withdraw":  {Roles: employer, Do: p.askWithdraw},
		"POST /offers/{offer}/withdraw": {Roles: employer, Do: p.withdraw},
		"GET /offers/{offer}/change":    {Roles: employer, Do: p.changeForm},
		"POST /offers/{offer}/change":   {Roles: employer, Do: p.change},
		"POST /offers/{offer}/copy":     {Roles: employer, Do: p.copy},
		"POST /offers/{offer}/payroll":  {Roles: employer, Do: p.payroll},
		"GET /imports":                  {Roles: employer, Do: p.importForm},
		"POST /imports":                 {Roles: employer, Do: p.importFile},
		"GET /imports/template":         {Roles: employer, Do: importTemplate},
		"GET /imports/{batch}/live":     {Roles: employer, Do: p.importedLive, Live: true},
		"GET /imports/{batch}":          {Roles: employer, Do: p.imported},
		"GET /imports/{batch}/report":   {Roles: employer, Do: p.importReport},
		"GET /invitations/{offer}":      {Do: p.guide, Usual: texts.English},
		"GET /invitations/{offer}/live": {Do: p.guideLive, Usual: texts.English, Live: true},
	}
}

// Admit lets a person act for each employer of this service that trusts the person
// with signing.
func Admit(tenants []desk.Tenant) func(signin.Person) []session.Choice {
	return func(one signin.Person) (choices []session.Choice) {
		for _, o := range one.Organisations {
			for _, t := range tenants {
				if t.OrganisationNumber == o.Number {
					choices = append(choices, session.Choice{Who: rpc.Principal{Role: Employer, Subject: t.OrganisationNumber}, Label: t.LegalName})
				}
			}
		}
		return choices
	}
}

// home is where everybody begins: employers with their offers.
func (p *Pages) home(c *page.Call) error {
	if c.Is(Employer) {
		return c.Go("/offers")
	}
	return c.Show(home(c))
}
