package service

import (
	"embed"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// Portal begins a service's pages: texts are its own, admit says who may be what
// once signed in. The service sets the rest.
func (s *Service) Portal(
	own grpc.ClientConnInterface, written embed.FS, usual texts.Lang, admit func(signin.Person) []session.Choice,
) (*page.Portal, error) {
	all, err := page.WithCommon(written)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	p := &page.Portal{
		Texts: all, Usual: usual, Own: own, Look: page.LookDesk, Home: "/",
		Sessions: &session.Sessions{Cache: s.Cache, Clock: s.Clock, Random: s.Random},
		Clock:    s.Clock, Random: s.Random, Zone: zone, PublicURL: s.Config.PublicURL, Development: s.Config.Development,
	}
	if s.Config.SignIn.On() {
		p.Doors = &page.Doors{Provider: signin.New(s.Config.SignIn, s.Registers, s.Clock, s.Random), Admit: admit}
	}
	return p, nil
}
