// Package issuer is where employers sign offers of employment: many employers
// (tenants) in one service, each with a did:web of its own. This file is the
// wiring; the journey is in internal/desk: draft.go, issue.go, change.go,
// collect.go, withdraw.go, follow.go.
package issuer

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/trust"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/api"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/mail"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/store"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/web"
)

// Config is the issuer's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// TrustList says who is accredited. Required.
	TrustList config.TrustList `yaml:"trust_list"`

	// Tenants are the employers that issue here.
	Tenants []Tenant `yaml:"tenants"`

	// TaxCards is where the tax administration takes employers' orders of tax
	// cards. Without url, employers cannot fetch cards here.
	TaxCards TaxCards `yaml:"skattekort"`

	// WalletURL is the web wallet that workers are led to, such as
	// https://wallet.kompetansespor.example. Empty: none is offered.
	WalletURL string `yaml:"wallet_url"`

	// MailDir is the folder of the development mail sink. Default:
	// <data_dir>/mail.
	MailDir string `yaml:"mail_dir"`
}

// TaxCards is the tax administration's "skattekort til arbeidsgiver".
type TaxCards struct {
	// URL is the API's base, without a slash at its end. In development also
	// http:// on loopback. Empty: nobody is asked.
	URL string `yaml:"url"`
	// Maskinporten gives the token that the tax administration wants. Required
	// with url.
	Maskinporten maskinporten.Settings `yaml:"maskinporten"`
}

// Tenant is an employer that issues here.
type Tenant struct {
	// OrganisationNumber is the nine digits of Enhetsregisteret. Required.
	OrganisationNumber string `yaml:"organisation_number"`
	// LegalName is the employer's registered name. Required.
	LegalName string `yaml:"legal_name"`
	// ContactEmail is where questions about an offer go. Required.
	ContactEmail string `yaml:"contact_email"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := append(c.Common.Validate(config.Needs{Peers: []string{"registry"}, Events: true}), c.TrustList.Validate()...)
	all = append(all, c.TaxCards.Maskinporten.Validate("skattekort.maskinporten", c.Development)...)
	if c.TaxCards.URL != "" && (!maskinporten.Reachable(c.TaxCards.URL, c.Development) || strings.HasSuffix(c.TaxCards.URL, "/")) {
		all = append(all, fault.Violation{Field: "skattekort.url", Rule: "config.skattekort.url", Message: "must begin with https://, or in development be http:// on a loopback address, without a slash at its end"})
	}
	if c.TaxCards.URL != "" && !c.TaxCards.Maskinporten.On() {
		all = append(all, fault.Violation{Field: "skattekort.maskinporten", Rule: "config.skattekort.maskinporten", Message: "is missing: the tax administration wants a token of Maskinporten"})
	}
	for i, t := range c.Tenants {
		if err := identifier.CheckOrganisationNumber(t.OrganisationNumber, mode(c.Development)); err != nil {
			all = append(all, fault.Violation{Field: fmt.Sprintf("tenants[%d].organisation_number", i), Rule: "config.tenant", Message: "is not a valid organisation number"})
		}
		if t.LegalName == "" || t.ContactEmail == "" {
			all = append(all, fault.Violation{Field: fmt.Sprintf("tenants[%d]", i), Rule: "config.tenant", Message: "needs legal_name and contact_email"})
		}
	}
	if c.MailDir == "" {
		c.MailDir = filepath.Join(c.DataDir, "mail")
	}
	return all
}

// resendEvery is how long a guide that was sent again is enough.
const resendEvery = 10 * time.Minute

func mode(development bool) identifier.Mode {
	if development {
		return identifier.Synthetic
	}
	return identifier.Production
}

// Schema are the migrations of the service's database.
func Schema() []sqldb.Migrations {
	return service.Schema(store.Migrations())
}

// Waiting is what waits in the service's database.
func Waiting() waiting.Source { return service.Waiting(store.Waiting()) }

// Run serves in a world until ctx ends.
func Run(ctx context.Context, cfg Config, world service.World) error {
	s, err := service.Open(ctx, cfg.Common, world, Schema()...)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	tenants := make([]desk.Tenant, len(cfg.Tenants))
	for i, t := range cfg.Tenants {
		tenants[i] = desk.Tenant{
			OrganisationNumber: t.OrganisationNumber, LegalName: t.LegalName, ContactEmail: t.ContactEmail,
			DID: "did:web:" + s.Host() + ":employers:" + t.OrganisationNumber,
		}
		if err := s.Book.EnsureOrganisation(ctx, tenants[i].DID, t.OrganisationNumber, s.DIDCommEndpoint()); err != nil {
			return err
		}
		// The VC API serves those who verify by ECDSA alone.
		for _, kind := range []keystore.Kind{keystore.ES256, keystore.ES384} {
			if err := s.Book.EnsureAssertionKey(ctx, tenants[i].DID, kind); err != nil {
				return err
			}
		}
	}
	accredited := &trust.Client{Get: s.Fetch, Keys: s.Resolver, Registry: cfg.TrustList.Registry, URL: cfg.TrustList.URL, Clock: s.Clock}
	registry, err := s.Dial("registry")
	if err != nil {
		return err
	}
	asking, err := askOthers(s, cfg)
	if err != nil {
		return err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{Sealer: s.Book.KeyStore()}, Agent: s.Agent, Outbox: s.Outbox, Trust: accredited,
		Signatories: peers.Signatories{Client: registryv1.NewSignatoryServiceClient(registry)},
		Identifiers: asking.identifiers, TaxCards: asking.taxCards, Accounts: asking.accounts,
		Mailer: mail.Sink{Dir: cfg.MailDir}, Resending: cache.NewLimiter(s.Cache, s.Clock, "resend", 1, resendEvery),
		Clock: s.Clock, Random: s.Random, Rules: offer.DefaultRules(mode(cfg.Development)),
		Zone: zone, Tenants: tenants, PublicURL: cfg.PublicURL,
	})
	d.Issuer = s.Issuer(nil, d.Delivered)
	inbox.Register(s.Agent, d)

	document, err := openapi.Document("issuer")
	if err != nil {
		return err
	}
	tools, err := forTools(s, cfg, vcapi.Issuer{Issuance: d.Issuer, Trust: accredited, Clock: s.Clock, Tenants: tenants})
	if err != nil {
		return err
	}
	policy := api.Policy()
	policy.Routes = tools.For(api.RoleEmployer)
	routes := web.Routes(d, cache.NewLimiter(s.Cache, s.Clock, "find-offer", findsPerMinute, time.Minute))
	maps.Copy(routes, tools)
	routes["GET /employers/{organisation}/did.json"] = s.Book.Documents(s.Host())
	return s.Run(ctx, service.Parts{
		Public:  func(r grpc.ServiceRegistrar) { issuerv1.RegisterOfferServiceServer(r, &api.Offers{Desk: d}) },
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{issuerv1.RegisterOfferServiceHandler},
		OpenAPI: document,
		Policy:  policy,
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, web.Admit(tenants))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			pages := &web.Pages{Offers: issuerv1.NewOfferServiceClient(own), Desk: d, Random: s.Random, WalletURL: cfg.WalletURL}
			return portal.Routes(pages.Table()), nil
		},
		Routes:  map[string]http.Handler(routes),
		Consume: inbox.Events(d),
		Jobs:    d.Jobs(),
	})
}
