package web

import (
	"embed"
	"strings"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
)

// Texts are what the portal's readers read.
//
//go:embed texts/*.yaml
var Texts embed.FS

// Title is the key of the portal's name.
const Title = "portal.title"

// onePage is how many rows a list shows.
const onePage = 25

// Pages are the programme's face: what anybody may know, the employer's
// application, and the office's desk.
type Pages struct {
	Registry  registryv1.RegistryServiceClient
	Directory registryv1.EmployerDirectoryServiceClient
	Lists     Lists
	// EmployersDID is what the proposed DID of an employer begins with; empty: none is
	// proposed.
	EmployersDID string
}

// Menu is the portal's.
func Menu() []page.MenuItem {
	return []page.MenuItem{
		{Path: "/application", Key: "menu.application", Roles: []rpc.Role{api.RoleEmployer}},
		{Path: "/accreditations", Key: "menu.accreditations", Roles: []rpc.Role{api.RoleProgramme}},
		{Path: "/for-me", Key: "menu.for-me"},
		{Path: "/employers", Key: "menu.employers"},
		{Path: "/trust-list/view", Key: "menu.trust-list"},
	}
}

// Table is every page.
func (p *Pages) Table() page.Table {
	employer, programme := []rpc.Role{api.RoleEmployer}, []rpc.Role{api.RoleProgramme}
	return page.Table{
		"GET /{$}":                                         {Do: p.home},
		"GET /employers":                                   {Do: p.employers},
		"GET /employers/{number}":                          {Do: p.employer},
		"GET /trust-list/view":                             {Do: p.readList},
		"GET /for-me":                                      {Do: p.askForMe},
		"POST /for-me":                                     {Do: p.forMe},
		"GET /application":                                 {Roles: employer, Do: p.application},
		"GET /application/form":                            {Roles: employer, Do: p.applying},
		"POST /application/form":                           {Roles: employer, Do: p.apply},
		"GET /application/signatories/new":                 {Roles: employer, Do: p.naming},
		"POST /application/signatories/new":                {Roles: employer, Do: p.name},
		"GET /application/signatories/{at}/end":            {Roles: employer, Do: p.ending},
		"POST /application/signatories/end":                {Roles: employer, Do: p.end},
		"GET /accreditations":                              {Roles: programme, Do: p.queue},
		"GET /accreditations/{number}":                     {Roles: programme, Do: p.show},
		"POST /accreditations/{number}/review":             {Roles: programme, Do: p.review},
		"GET /accreditations/{number}/attest/{criterion}":  {Roles: programme, Do: p.attesting},
		"POST /accreditations/{number}/attest/{criterion}": {Roles: programme, Do: p.attest},
		"GET /accreditations/{number}/accredit":            {Roles: programme, Do: p.accrediting},
		"POST /accreditations/{number}/accredit":           {Roles: programme, Do: p.accredit},
		"GET /accreditations/{number}/suspend":             {Roles: programme, Do: p.asking(suspension)},
		"POST /accreditations/{number}/suspend":            {Roles: programme, Do: p.deciding(suspension)},
		"GET /accreditations/{number}/reinstate":           {Roles: programme, Do: p.asking(reinstatement)},
		"POST /accreditations/{number}/reinstate":          {Roles: programme, Do: p.deciding(reinstatement)},
		"GET /accreditations/{number}/revoke":              {Roles: programme, Do: p.asking(revocation)},
		"POST /accreditations/{number}/revoke":             {Roles: programme, Do: p.deciding(revocation)},
	}
}

// Admit lets in the office's staff, and whoever acts for an organisation: any may
// apply. A person may be both.
func Admit(staff func(signin.Person) []session.Choice) func(signin.Person) []session.Choice {
	return func(one signin.Person) []session.Choice {
		choices := staff(one)
		for _, o := range one.Organisations {
			choices = append(choices, session.Choice{Who: rpc.Principal{Role: api.RoleEmployer, Subject: o.Number}, Label: o.Name})
		}
		return choices
	}
}

// home is where everybody begins.
func (p *Pages) home(c *page.Call) error {
	switch {
	case c.Is(api.RoleProgramme):
		return c.Go("/accreditations")
	case c.Is(api.RoleEmployer):
		return c.Go("/application")
	}
	return c.Show(home(c))
}

// stateKey is a state as texts and addresses name it.
func stateKey(s registryv1.AccreditationState) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "ACCREDITATION_STATE_"))
}

func stateColor(s registryv1.AccreditationState) string {
	switch s {
	case registryv1.AccreditationState_ACCREDITATION_STATE_PENDING:
		return "info"
	case registryv1.AccreditationState_ACCREDITATION_STATE_ACCREDITED:
		return "success"
	case registryv1.AccreditationState_ACCREDITATION_STATE_SUSPENDED:
		return "warning"
	case registryv1.AccreditationState_ACCREDITATION_STATE_REVOKED:
		return "danger"
	}
	return "neutral"
}

// words is what the API says, in the reader's language.
func words(c *page.Call, t *registryv1.Texts) string {
	switch c.Lang {
	case texts.English:
		return t.GetEn()
	case texts.Nynorsk:
		return t.GetNn()
	}
	return t.GetNb()
}

// grouped is an organisation number as people write it: 310 000 051.
func grouped(number string) string {
	if len(number) != 9 {
		return number
	}
	return number[:3] + "\u00a0" + number[3:6] + "\u00a0" + number[6:]
}

// digits is an organisation number as machines write it, whatever spaces it has.
func digits(number string) string { return strings.Join(strings.Fields(number), "") }
