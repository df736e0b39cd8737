// Package tax is where a worker gets a fødselsnummer or D-number and a tax
// card: when UDI has granted and the police have verified the identity, in
// whichever order it learns so. This file is the wiring; the journey is in
// internal/desk: identify.go, assign.go, requisition.go, feedback.go, issue.go.
package tax

import (
	"context"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/api"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/peers/folkeregisteret"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/web"
)

// Config is the tax administration's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Folkeregisteret is the population register.
	Folkeregisteret Register `yaml:"folkeregisteret"`

	// Maskinporten gives the access tokens for it.
	Maskinporten maskinporten.Settings `yaml:"maskinporten"`
}

// Register says where the population register is.
type Register struct {
	// URL is its base, such as https://folkeregisteret.api.skatteetaten.no. Empty,
	// in development only: the tax administration allocates synthetic numbers in
	// its own database.
	URL string `yaml:"url"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{
		Peers: []string{"verifier"}, Events: true, Methods: []string{taxv1.IdentifierService_GetIdentifier_FullMethodName},
	})
	if c.DID == "" {
		all = append(all, fault.Violation{Field: "did", Rule: "config.did", Message: "is missing: the tax administration issues with its DID"})
	}
	when := func(broken bool, field, message string) {
		if broken {
			all = append(all, fault.Violation{Field: field, Rule: "config." + field, Message: message})
		}
	}
	when(c.Folkeregisteret.URL == "" && !c.Development, "folkeregisteret.url",
		"is missing: only in development does the tax administration allocate numbers by itself")
	when(c.Folkeregisteret.URL != "" && !maskinporten.Reachable(c.Folkeregisteret.URL, c.Development), "folkeregisteret.url",
		"must begin with https://, or in development be http:// on a loopback address")
	when(c.Folkeregisteret.URL != "" && !c.Maskinporten.On(), "maskinporten.url", "is missing: the population register wants an access token")
	return append(all, c.Maskinporten.Validate("maskinporten", c.Development)...)
}

// mode is the world of the numbers that are given and taken.
func mode(development bool) identifier.Mode {
	if development {
		return identifier.Synthetic
	}
	return identifier.Production
}

// register is the population register that the configuration names.
func (c Config) register(s *service.Service, kept store.Store, parameters registration.Parameters) (desk.Register, error) {
	if c.Folkeregisteret.URL == "" {
		return &store.Population{DB: s.DB, Store: kept, Clock: s.Clock, Parameters: parameters}, nil
	}
	tokens, err := s.Tokens(c.Maskinporten)
	if err != nil {
		return nil, err
	}
	return folkeregisteret.New(c.Folkeregisteret.URL, tokens, s.Registers, s.Clock, mode(c.Development)), nil
}

// purpose is what the tax administration reads a case for.
const purpose = "identifier-assignment"

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

	parameters, err := registration.LoadParameters()
	if err != nil {
		return err
	}
	fingerprint, err := onboarding.OpenFingerprint(ctx, s.DB, s.Book.KeyStore(), s.Random)
	if err != nil {
		return err
	}
	verifier, err := s.Dial("verifier")
	if err != nil {
		return err
	}
	kept := store.Store{Sealer: s.Book.KeyStore(), Fingerprint: fingerprint}
	register, err := cfg.register(s, kept, parameters)
	if err != nil {
		return err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: kept, Register: register, Issuer: s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random, Log: s.Log,
		Parameters: parameters, Mode: mode(cfg.Development), DID: cfg.DID,
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: s.DB, Views: onboarding.Verifier{Client: verifierv1.NewViewServiceClient(verifier), Purpose: purpose}, Verb: d.Assign,
		Sealer: s.Book.KeyStore(), Clock: s.Clock, Log: s.Log,
	})
	document, err := openapi.Document("tax")
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public: func(r grpc.ServiceRegistrar) {
			taxv1.RegisterRegistrationServiceServer(r, &api.Registrations{Desk: d})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{taxv1.RegisterRegistrationServiceHandler},
		OpenAPI: document,
		Policy:  api.Policy(),
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, page.Staff(cfg.People, nil))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			return portal.Routes((&web.Pages{Registrations: taxv1.NewRegistrationServiceClient(own)}).Table()), nil
		},
		Internal: func(r grpc.ServiceRegistrar) { taxv1.RegisterIdentifierServiceServer(r, &api.Identifiers{Desk: d}) },
		Consume:  inbox.Handlers(d),
		Jobs:     append(d.Cases.Jobs(), d.Jobs()...),
	})
}
