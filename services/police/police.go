// Package police is where a worker shows the passport, once: it books the
// appointment when UDI has granted, takes the officer's word, and issues the
// residence card. This file is the wiring; the journey is in internal/desk:
// book.go, attend.go.
package police

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/police/internal/api"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/store"
)

// Config is the police's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Office is where appointments are booked: SUA-OSLO, SUA-BERGEN,
	// SUA-STAVANGER or SUA-TRONDHEIM. Default SUA-OSLO.
	Office string `yaml:"office"`

	// SlotCapacity is how many workers one slot of 20 minutes takes. Default
	// 3.
	SlotCapacity int `yaml:"slot_capacity"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{Peers: []string{"verifier"}, Events: true})
	if c.DID == "" {
		all = append(all, fault.Violation{Field: "did", Rule: "config.did", Message: "is missing: the police issue with their DID"})
	}
	if c.Office == "" {
		c.Office = "SUA-OSLO"
	}
	if _, ok := appointment.FindOffice(c.Office); !ok {
		all = append(all, fault.Violation{Field: "office", Rule: "config.office", Message: "is no office that takes appointments"})
	}
	if c.SlotCapacity == 0 {
		c.SlotCapacity = 3
	}
	if c.SlotCapacity < 0 || c.SlotCapacity > 1000 {
		all = append(all, fault.Violation{Field: "slot_capacity", Rule: "config.slot_capacity", Message: "must be 1 to 1000"})
	}
	return all
}

// purpose is what the police read a case for.
const purpose = "identity-control"

// Run serves until ctx ends. Logs go to out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := service.Open(ctx, cfg.Common, out, onboarding.Migrations(), store.Migrations())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	zone, err := time.LoadLocation(appointment.TimeZone)
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	verifier, err := s.Dial("verifier")
	if err != nil {
		return err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{Zone: zone}, Issuer: s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random,
		DID: cfg.DID, Office: cfg.Office, Capacity: cfg.SlotCapacity, Zone: zone,
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: s.DB, Views: onboarding.Verifier{Client: verifierv1.NewViewServiceClient(verifier), Purpose: purpose}, Verb: d.Book,
		Sealer: s.Book.KeyStore(), Clock: s.Clock, Log: s.Log,
	})
	document, err := openapi.Document("police")
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public: func(r grpc.ServiceRegistrar) {
			policev1.RegisterAppointmentServiceServer(r, &api.Appointments{Desk: d})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{policev1.RegisterAppointmentServiceHandler},
		OpenAPI: document,
		Policy:  api.Policy(),
		Consume: map[string]map[string]events.Handler{"verifier": {"decision.made": d.Cases.Decided}},
		Jobs:    d.Cases.Jobs(),
	})
}
