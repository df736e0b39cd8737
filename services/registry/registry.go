// Package registry is the programme's register: which employers may issue
// offers of employment, who may sign them, and the signed list of who may issue
// what. This file is the wiring; the journey is in internal/desk: apply.go,
// accredit.go, suspend.go, watch.go, signatory.go, list.go, directory.go; the
// rules are in internal/accreditation and internal/eligibility.
package registry

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/eligibility"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/peers/enhetsregisteret"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/store"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/web"
)

// Config is the registry's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Agencies may issue because this configuration says so: authorities,
	// banks, and the registry itself.
	Agencies []Agency `yaml:"agencies"`

	// ListLifetime is how long a signed trust list is current, such as 5m. A
	// revocation takes at most this long to reach whoever cannot ask. Default
	// 5m.
	ListLifetime time.Duration `yaml:"list_lifetime"`

	// Enhetsregisteret is where organisations are looked up.
	Enhetsregisteret Enhetsregisteret `yaml:"enhetsregisteret"`

	// EligibilityPerMinute is how often the public "is this for me?" may ask
	// Enhetsregisteret in a minute, all who ask together. Default 120.
	EligibilityPerMinute int64 `yaml:"eligibility_per_minute"`

	// EmployersDID is what the DIDs of employers begin with that sign at the
	// programme's own issuer, such as did:web:issuer.example:employers. It is
	// proposed to whoever applies. Empty: nothing is.
	EmployersDID string `yaml:"employers_did"`
}

// Enhetsregisteret says where the register is.
type Enhetsregisteret struct {
	// URL is the base of its open API. Default
	// https://data.brreg.no/enhetsregisteret/api; in development there is no
	// default, and without one no employer can be accredited. http is for
	// development, on a loopback address.
	URL string `yaml:"url"`
	// PollInterval is how often the feed of changes is read. Default 1m.
	PollInterval time.Duration `yaml:"poll_interval"`
}

// Agency is an organisation that may issue credentials of its own types.
type Agency struct {
	// DID is the agency's did:web. Required.
	DID string `yaml:"did"`
	// OrganisationNumber is the nine digits of Enhetsregisteret. Required.
	OrganisationNumber string `yaml:"organisation_number"`
	// LegalName is its registered name. Required.
	LegalName string `yaml:"legal_name"`
	// CredentialTypes are what it may issue, such as ResidencePermit. Required.
	CredentialTypes []string `yaml:"credential_types"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{Events: true, Methods: []string{registryv1.SignatoryService_CheckSignatory_FullMethodName}})
	wrong := func(field, message string) {
		all = append(all, fault.Violation{Field: field, Rule: "config.agency", Message: message})
	}
	if c.DID == "" {
		all = append(all, fault.Violation{Field: "did", Rule: "config.did", Message: "is missing: the registry signs the trust list with its DID"})
	}
	known := map[string]bool{}
	for i, a := range c.Agencies {
		at := fmt.Sprintf("agencies[%d]", i)
		if _, err := did.WebURL(a.DID); err != nil {
			wrong(at+".did", "must be a did:web")
		}
		if known[a.DID] {
			wrong(at+".did", "stands there twice: give an agency once, with all its credential types")
		}
		known[a.DID] = true
		if err := identifier.CheckOrganisationNumber(a.OrganisationNumber, mode(c.Development)); err != nil {
			wrong(at+".organisation_number", "is not a valid organisation number")
		}
		if strings.TrimSpace(a.LegalName) == "" {
			wrong(at+".legal_name", "is missing")
		}
		if len(a.CredentialTypes) == 0 {
			wrong(at+".credential_types", "is missing: name what the agency may issue")
		}
		for _, name := range a.CredentialTypes {
			if _, ok := credtype.Find(name); !ok {
				wrong(at+".credential_types", "names a credential type that does not exist")
			}
		}
	}
	all = append(all, c.validateRegister()...)
	if c.ListLifetime == 0 {
		c.ListLifetime = 5 * time.Minute
	}
	if c.ListLifetime < time.Second {
		all = append(all, fault.Violation{Field: "list_lifetime", Rule: "config.list_lifetime", Message: "must be at least 1s"})
	}
	return all
}

func (c *Config) validateRegister() (all []fault.Violation) {
	r := &c.Enhetsregisteret
	wrong := func(field, message string) {
		all = append(all, fault.Violation{Field: field, Rule: "config.enhetsregisteret", Message: message})
	}
	if r.URL == "" && !c.Development {
		r.URL = enhetsregisteret.Production
	}
	if r.URL != "" {
		if err := enhetsregisteret.CheckBase(r.URL, c.Development); err != nil {
			wrong("enhetsregisteret.url", err.Error())
		}
	}
	if r.PollInterval == 0 {
		r.PollInterval = time.Minute
	}
	if r.PollInterval < time.Second {
		wrong("enhetsregisteret.poll_interval", "must be at least 1s")
	}
	if c.EligibilityPerMinute == 0 {
		c.EligibilityPerMinute = 120
	}
	if c.EligibilityPerMinute < 0 {
		wrong("eligibility_per_minute", "must be at least 1")
	}
	return all
}

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
func Waiting() waiting.Source { return service.Waiting() }

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
	figures, err := accreditation.LoadFigures()
	if err != nil {
		return err
	}
	guide, err := eligibility.Load()
	if err != nil {
		return err
	}
	agencies, operator := make([]desk.Agency, len(cfg.Agencies)), ""
	for i, a := range cfg.Agencies {
		agencies[i] = desk.Agency(a)
		if a.DID == cfg.DID {
			operator = a.LegalName
		}
	}
	bell := runner.NewBell()
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{Sealer: s.Book.KeyStore()}, Register: enhetsregisteret.New(cfg.Enhetsregisteret.URL, s.Registers), Figures: figures,
		Eligibility: guide, Limit: cache.NewLimiter(s.Cache, s.Clock, "eligibility", cfg.EligibilityPerMinute, time.Minute),
		Issuer: s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random,
		Signer: s.Book, AssertionKey: s.Book.AssertionKey, DID: cfg.DID, Operator: operator, Agencies: agencies, Lifetime: cfg.ListLifetime,
		Mode: mode(cfg.Development), Zone: zone, Bell: bell,
	})
	if err := d.Configure(ctx); err != nil {
		return err
	}
	document, err := openapi.Document("registry")
	if err != nil {
		return err
	}
	routes, err := web.Routes(d)
	if err != nil {
		return err
	}
	jobs := []runner.Job{
		{Name: "employers.lookup", Step: d.LookUp, Idle: time.Minute, Bell: bell},
		{Name: "employers.expire", Step: d.Expire, Idle: time.Minute},
	}
	if cfg.Enhetsregisteret.URL != "" {
		jobs = append(jobs, runner.Job{Name: "employers.follow", Step: d.FollowRegister, Idle: cfg.Enhetsregisteret.PollInterval})
	}
	return s.Run(ctx, service.Parts{
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, web.Admit(page.Staff(cfg.People, nil)))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			pages := &web.Pages{
				Registry: registryv1.NewRegistryServiceClient(own), Directory: registryv1.NewEmployerDirectoryServiceClient(own), Lists: d,
				EmployersDID: cfg.EmployersDID,
			}
			return portal.Routes(pages.Table()), nil
		},
		Public: func(r grpc.ServiceRegistrar) {
			registryv1.RegisterRegistryServiceServer(r, &api.Registry{Desk: d, Clock: s.Clock})
			registryv1.RegisterEmployerDirectoryServiceServer(r, &api.Directory{Desk: d})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
			registryv1.RegisterRegistryServiceHandler, registryv1.RegisterEmployerDirectoryServiceHandler,
		},
		Internal: func(r grpc.ServiceRegistrar) {
			registryv1.RegisterSignatoryServiceServer(r, &api.Signatories{Desk: d})
		},
		Jobs:    jobs,
		OpenAPI: document,
		Policy:  api.Policy(),
		Routes:  routes,
	})
}
