// Package police is where a worker shows the passport, once: it books the
// appointment when UDI has granted, takes the officer's word, issues the
// residence card, and stops or goes on when UDI says so. This file is the wiring;
// the journey is in internal/desk: book.go, rebook.go, attend.go, card.go,
// stop.go, earlystart.go. simulate.go is for those who book on another clock.
package police

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/police/internal/api"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
	"github.com/kompetansespor/kompetansespor/services/police/internal/web"
)

// Config is the police's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Office is where a worker goes of whom nobody knows where he or she will
	// live: an office of internal/diary/offices.yaml. Default SUA-OSLO.
	Office string `yaml:"office"`

	// SlotCapacity is how many workers one slot takes at every office, instead
	// of what the offices' data say. Only with development. Default 0: what the
	// data say.
	SlotCapacity int `yaml:"slot_capacity"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{
		Peers: []string{"verifier"}, Events: true, Methods: []string{policev1.IdentityService_GetIdentity_FullMethodName},
	})
	if c.DID == "" {
		all = append(all, fault.Violation{Field: "did", Rule: "config.did", Message: "is missing: the police issue with their DID"})
	}
	if c.Office == "" {
		c.Office = "SUA-OSLO"
	}
	if c.SlotCapacity != 0 && !c.Development {
		all = append(all, fault.Violation{Field: "slot_capacity", Rule: "config.slot_capacity", Message: "is for development: the offices' data say it"})
	}
	if c.SlotCapacity < 0 || c.SlotCapacity > 1000 {
		all = append(all, fault.Violation{Field: "slot_capacity", Rule: "config.slot_capacity", Message: "must be 1 to 1000"})
	}
	return all
}

// What the police read a case for: after the grant, and before the decision.
const (
	purpose      = "identity-control"
	purposeEarly = "early-start"
)

// Schema are the migrations of the service's database.
func Schema() []sqldb.Migrations {
	return service.Schema(onboarding.Migrations(), store.Migrations())
}

// Waiting is what waits in the service's database.
func Waiting() waiting.Source { return service.Waiting(onboarding.Waiting()) }

// Run serves in a world until ctx ends.
func Run(ctx context.Context, cfg Config, world service.World) error {
	s, err := service.Open(ctx, cfg.Common, world, Schema()...)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	figures, err := LoadFigures()
	if err != nil {
		return err
	}
	if office, ok := figures.Offices.Find(cfg.Office, s.Clock.Now()); !ok || !office.Active {
		return fault.New(fault.Invalid, "config.office", "office: %s is no office that takes appointments", cfg.Office)
	}
	early, err := earlystart.Load()
	if err != nil {
		return err
	}
	verifier, err := s.Dial("verifier")
	if err != nil {
		return err
	}
	views := verifierv1.NewViewServiceClient(verifier)
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{Offices: figures.Offices, Sealer: s.Book.KeyStore()}, Issuer: s.Issuer(nil, nil), Outbox: s.Outbox,
		Clock: s.Clock, Random: s.Random, DID: cfg.DID, Offices: figures.Offices, Policies: figures.Policies, Office: cfg.Office, Capacity: cfg.SlotCapacity,
		Early: early, EarlyViews: onboarding.Verifier{Client: views, Purpose: purposeEarly},
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: s.DB, Views: onboarding.Verifier{Client: views, Purpose: purpose}, Verb: d.Settle,
		Sealer: s.Book.KeyStore(), Clock: s.Clock, Log: s.Log,
	})
	document, err := openapi.Document("police")
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public: func(r grpc.ServiceRegistrar) {
			policev1.RegisterAppointmentServiceServer(r, &api.Appointments{Desk: d})
			policev1.RegisterResidenceCardServiceServer(r, &api.Cards{Desk: d})
			policev1.RegisterEarlyStartServiceServer(r, &api.EarlyStarts{Desk: d})
		},
		Internal: func(r grpc.ServiceRegistrar) {
			policev1.RegisterIdentityServiceServer(r, &api.Identities{Desk: d})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
			policev1.RegisterAppointmentServiceHandler, policev1.RegisterResidenceCardServiceHandler, policev1.RegisterEarlyStartServiceHandler,
		},
		OpenAPI: document,
		Policy:  api.Policy(),
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, page.Staff(cfg.People, nil))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			pages := &web.Pages{
				Appointments: policev1.NewAppointmentServiceClient(own), Cards: policev1.NewResidenceCardServiceClient(own),
				EarlyStarts: policev1.NewEarlyStartServiceClient(own),
			}
			return portal.Routes(pages.Table()), nil
		},
		Consume: map[string]map[string]events.Handler{"verifier": d.Cases.Handlers()},
		Jobs:    d.Cases.Jobs(),
	})
}
