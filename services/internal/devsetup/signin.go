package devsetup

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/standins/ansattporten"
)

// Person is an invented person who signs in to services in development.
type Person struct {
	ID, Name, Locale string
	// About says who it is, to whoever chooses whom to be.
	About string
	// Title is the role that the person signs in, where they sign.
	Title string
	// Organisations trust the person to act for them.
	Organisations []Organisation
	// Works is what the person is where: a service's roles.
	Works []Work
	// Visits are further services where the person has something to do.
	Visits []string
}

// Work is a person's role at a service.
type Work struct{ Service, Role, Office string }

// At reports whether the person has something to do at a service.
func (p Person) At(service string) bool {
	return slices.Contains(p.Visits, service) || slices.ContainsFunc(p.Works, func(w Work) bool { return w.Service == service })
}

// Gateway is the part of a Layout for browsers: one address on loopback without TLS,
// since no browser trusts the authority of development.
type Gateway struct {
	Addr string // 127.0.0.1:port
	port string
}

// Host is the name by which a browser reaches a service: issuer.localhost:7100. The
// verifier is UDI to the world.
func (g Gateway) Host(service string) string {
	if service == "verifier" {
		service = "udi"
	}
	return net.JoinHostPort(service+".localhost", g.port)
}

// URL is the address by which a browser reaches a service.
func (g Gateway) URL(service string) string { return "http://" + g.Host(service) }

// Front is the address of the page where everything begins.
func (g Gateway) Front() string { return "http://" + net.JoinHostPort("localhost", g.port) }

// clientID is a service's name at the stand-in of Ansattporten.
func clientID(service string) string { return "kompetansespor-" + service }

// signIns registers clients and people at the stand-in of Ansattporten, and gives
// each service that people sign in to what its configuration says of it.
func (l *Layout) signIns(options Options) (map[string]config.Common, error) {
	dir := filepath.Join(l.StandIns.Dir, "ansattporten")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	settings := map[string]config.Common{}
	register := ansattporten.Register{}
	for _, name := range Services() {
		if !slices.ContainsFunc(options.People, func(p Person) bool { return p.At(name) }) {
			continue
		}
		s := l.Services[name]
		secretFile := filepath.Join(s.Dir, "sign-in.secret")
		secret, err := keep(secretFile, 0o600, func() ([]byte, error) {
			made, err := newToken(options.Random)
			return []byte(made), err
		})
		if err != nil {
			return nil, fmt.Errorf("make the sign-in secret of %s: %w", name, err)
		}
		one := config.Common{SignIn: signin.Settings{
			Issuer: l.StandIns.URL + "/ansattporten", ClientID: clientID(name), ClientSecretFile: secretFile,
			ACR: []string{"idporten-loa-substantial", "idporten-loa-high"}, Resource: options.Resource,
		}}
		register.Clients = append(register.Clients, ansattporten.Client{
			ID: clientID(name), Secret: string(secret),
			RedirectURIs: []string{l.Gateway.URL(name) + "/signed-in", s.BaseURL + "/signed-in", s.PublicURL + "/signed-in"},
		})
		for _, p := range options.People {
			for _, w := range p.Works {
				if w.Service == name {
					one.People = append(one.People, config.Person{Subject: ansattporten.Subject(clientID(name), p.ID), Role: w.Role, Office: w.Office})
				}
			}
		}
		settings[name] = one
	}
	for _, p := range options.People {
		one := ansattporten.Person{ID: p.ID, Name: p.Name, Locale: p.Locale, About: p.About}
		for _, name := range Services() {
			if p.At(name) {
				one.Clients = append(one.Clients, clientID(name))
			}
		}
		for _, o := range p.Organisations {
			one.Organisations = append(one.Organisations, ansattporten.Organisation{Number: o.OrganisationNumber, Name: o.Name})
		}
		register.People = append(register.People, one)
	}
	return settings, register.Write(dir)
}
