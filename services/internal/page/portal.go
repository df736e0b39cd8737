// Package page is what the pages of every service share: layout, forms, parts,
// languages, sign-in, and the guard around a page. A page is a client of its
// service's own API (rpc.OwnPages): it decodes a form, calls, and shows what came
// back. Who may do what is thus decided where it is decided for everybody.
//
// Pages work without scripts; site scripts only make them nicer. Nothing personal
// stands in a URL.
package page

import (
	"embed"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/webassets"
)

// Portal is the pages of one service.
type Portal struct {
	// Title is the key of the portal's name; Home is where a person begins.
	Title, Home string
	// Menu is what the portal offers, by role.
	Menu []MenuItem
	// Texts are the portal's and the common ones (WithCommon).
	Texts texts.Catalog
	// Usual is the language of those whose browser asks for none of ours.
	Usual texts.Lang
	// Doors let people in. Nil: nobody, but by OwnDoor.
	Doors *Doors
	// OwnDoor is the page of a portal's own sign-in, without a provider. Empty: it has
	// none.
	OwnDoor string
	// Own are the service's own calls.
	Own grpc.ClientConnInterface
	// Look is what page bodies differ by: "phone" is narrow, "desk" wide.
	Look string

	Sessions *session.Sessions
	Clock    clock.Clock
	Random   io.Reader
	// Zone is where deadlines and appointments are: Europe/Oslo.
	Zone *time.Location
	// PublicURL is how the world reaches the service. In development a browser may
	// come by a name below localhost instead.
	PublicURL   string
	Development bool
}

// MenuItem is a place in the portal's menu.
type MenuItem struct {
	Path, Key string
	// Roles see it. Nil: everybody.
	Roles []rpc.Role
}

// Page is one page, or what the form of one does.
type Page struct {
	// Roles may open it. Nil: everybody, signed in or not.
	Roles []rpc.Role
	// Do answers. What it returns as an error is shown as a page.
	Do func(*Call) error
	// Usual is the language of those of its readers whose browser asks for none of
	// ours, where they are others than the portal's. Empty: as the portal has it.
	Usual texts.Lang
	// Live marks a page that Do answers as a stream of a part.
	Live bool
}

// Table is pages by http.ServeMux pattern.
type Table map[string]Page

//go:embed texts/*.yaml
var commonTexts embed.FS

// WithCommon reads a portal's own texts and adds the common ones.
func WithCommon(own embed.FS) (texts.Catalog, error) {
	common, err := texts.Load(commonTexts)
	if err != nil {
		return nil, err
	}
	portal, err := texts.Load(own)
	if err != nil {
		return nil, err
	}
	return texts.Merge(common, portal), nil
}

// Routes are a portal's pages, with those that every portal has, as plain routes
// of the public listener.
func (p *Portal) Routes(own Table) map[string]http.Handler {
	all := p.common()
	maps.Copy(all, own)
	routes := map[string]http.Handler{"GET /static/{file...}": webassets.Handler()}
	for pattern, one := range all {
		routes[pattern] = p.guard(one)
	}
	return routes
}

// common are the pages that every portal has.
func (p *Portal) common() Table {
	all := Table{
		"GET /language":      {Do: changeLanguage},
		"GET /accessibility": {Do: showStatement},
	}
	if p.signInPath() != "" {
		maps.Copy(all, Table{
			"POST /sign-out":     {Do: leave},
			"GET /signed-out":    {Do: showSignedOut},
			"POST /session/keep": {Do: keepSession},
		})
	}
	if p.Doors != nil {
		maps.Copy(all, Table{
			"GET /sign-in":   {Do: p.Doors.begin},
			"GET /signed-in": {Do: p.Doors.finish},
			"GET /act-as":    {Do: chooseRole},
			"POST /act-as":   {Do: takeRole},
		})
	}
	return all
}

// signInPath is where people sign in; empty where nobody can.
func (p *Portal) signInPath() string {
	if p.Doors != nil {
		return "/sign-in"
	}
	return p.OwnDoor
}

// reached is a link as the browser of a request reaches it: the portal's own by the
// name that the browser knows.
func (p *Portal) reached(r *http.Request, link string) string {
	if path, own := strings.CutPrefix(link, p.PublicURL); own {
		return p.At(r) + path
	}
	return link
}

// At is the address by which a request's browser knows the portal, without a slash
// at its end. In development that may be a name below localhost.
func (p *Portal) At(r *http.Request) string {
	if p.Development {
		host, _, _ := strings.Cut(r.Host, ":")
		if host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "127.0.0.1" {
			scheme := "https"
			if r.Header.Get("X-Forwarded-Proto") == "http" {
				scheme = "http"
			}
			return (&url.URL{Scheme: scheme, Host: r.Host}).String()
		}
	}
	return p.PublicURL
}
