// Package bank is where a worker gets a salary account: when UDI has granted
// and the tax administration has assigned an identifier, in whichever order it
// learns so. Several banks (tenants) live in one service, each with a did:web of
// its own; the worker's consent names one. This file is the wiring; the journey
// is in internal/desk: identify.go, open.go, settle.go, decide.go, payroll.go.
package bank

import (
	"context"
	_ "embed" // the list of development is a data file
	"net/http"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/api"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/web"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
)

// purpose is what the bank reads a case, and asks for an identifier, for.
const purpose = "account-opening"

//go:embed development/sanctions.csv
var developmentList []byte

// lookEvery is how often the file of the sanctions list is looked at.
const lookEvery = 5 * time.Second

// rescreenEvery is how often customers are looked for who were compared with
// another list.
const rescreenEvery = time.Minute

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

	banks := cfg.tenants(s.Host())
	for _, b := range banks {
		if err := s.Book.EnsureOrganisation(ctx, b.DID, b.OrganisationNumber, s.DIDCommEndpoint()); err != nil {
			return err
		}
	}
	if cfg.Bank.named() {
		if err := store.Adopt(ctx, s.DB, cfg.DID); err != nil {
			return err
		}
	}
	fingerprint, err := onboarding.OpenFingerprint(ctx, s.DB, s.Book.KeyStore(), s.Random)
	if err != nil {
		return err
	}
	parameters, err := diligence.LoadParameters()
	if err != nil {
		return err
	}
	lists, err := sanctionsList(cfg, s.Clock)
	if err != nil {
		return err
	}
	verifier, err := s.Dial("verifier")
	if err != nil {
		return err
	}
	tax, err := s.Dial("tax")
	if err != nil {
		return err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{Sealer: s.Book.KeyStore(), Fingerprint: fingerprint},
		Identifiers: peers.Identifiers{Client: taxv1.NewIdentifierServiceClient(tax), Purpose: purpose},
		Lists:       lists, Diligence: parameters, Issuer: s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random,
		Mode: mode(cfg.Development), Banks: banks,
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: s.DB, Views: onboarding.Verifier{Client: verifierv1.NewViewServiceClient(verifier), Purpose: purpose}, Verb: d.Open,
		Sealer: s.Book.KeyStore(), Clock: s.Clock, Log: s.Log,
	})
	document, err := openapi.Document("bank")
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public:   func(r grpc.ServiceRegistrar) { bankv1.RegisterAccountServiceServer(r, &api.Accounts{Desk: d}) },
		Gateway:  []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{bankv1.RegisterAccountServiceHandler},
		OpenAPI:  document,
		Policy:   api.Policy(),
		Routes:   map[string]http.Handler{"GET /banks/{organisation}/did.json": s.Book.Documents(s.Host())},
		Internal: func(r grpc.ServiceRegistrar) { bankv1.RegisterPayrollServiceServer(r, &api.Payroll{Desk: d}) },
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, page.Staff(cfg.People, web.As))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			return portal.Routes((&web.Pages{Accounts: bankv1.NewAccountServiceClient(own)}).Table()), nil
		},
		Consume: inbox.Handlers(d),
		Jobs:    append(d.Cases.Jobs(), runner.Job{Name: "bank.rescreen", Step: d.Rescreen, Idle: rescreenEvery}),
	})
}

// sanctionsList is the list of the configuration, or the invented one of
// development.
func sanctionsList(cfg Config, now clock.Clock) (desk.Lists, error) {
	if cfg.Sanctions.List != "" {
		return &peers.ListFile{Path: cfg.Sanctions.List, Clock: now, Every: lookEvery}, nil
	}
	list, err := sanctions.Parse(developmentList)
	if err != nil {
		return nil, err
	}
	return peers.FixedList{Parsed: list, Clock: now}, nil
}
