// Package verifier is UDI's receiver: it takes applications from wallets, holds
// the rules against them, lets officers decide, and gives each agency its own
// view of what was granted. This file is the wiring; the journey is in
// internal/desk: ask.go, receive.go, decide.go, view.go, record.go.
package verifier

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/programme"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/store"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/web"
)

// Config is the verifier's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// TrustList says who is accredited. Required.
	TrustList config.TrustList `yaml:"trust_list"`

	// Agencies are those that go on with a granted case. Every application's
	// consent must name one of each kind. Default: police, tax and bank, see
	// DefaultAgencies.
	Agencies []Agency `yaml:"agencies"`

	// Payments is the payment provider of the fee. Required.
	Payments Payments `yaml:"payments"`

	// WalletURL is the web wallet that applicants are led to, such as
	// https://wallet.kompetansespor.example. Empty: none is offered.
	WalletURL string `yaml:"wallet_url"`

	// Automation says what rules may do by themselves.
	Automation Automation `yaml:"automation"`

	// ChallengeLifetime is how long a wallet has to answer a request for a
	// presentation before it is asked again, such as 90s. Default 5m.
	ChallengeLifetime time.Duration `yaml:"challenge_lifetime"`
}

// Payments is a payment provider with a hosted checkout (Nexi Checkout, Payment
// API v1).
type Payments struct {
	// URL is the API's base, such as https://api.provider.example; in development
	// also http on this machine. Required.
	URL string `yaml:"url"`
	// SecretFile holds what the Authorization header carries. Optional.
	SecretFile string `yaml:"secret_file"`
	// TermsURL says on what terms the fee is paid. Default: the public URL.
	TermsURL string `yaml:"terms_url"`
	// ReturnURL is where payers' browsers reach this service, without a path.
	// Default: the public URL.
	ReturnURL string `yaml:"return_url"`
}

// Automation says what rules may do by themselves.
type Automation struct {
	// Enabled lets rules grant what they can decide without judgement
	// (utlendingsforskriften § 17-7 a). They never refuse. Default: false.
	Enabled bool `yaml:"enabled"`
}

// Agency is somebody who may have a view of granted cases.
type Agency struct {
	// Name is what the access log calls it, such as police. Required.
	Name string `yaml:"name"`
	// Kind is what it is one of: a consent names exactly one agency of each kind.
	// Default: the name. Several banks are of the kind bank.
	Kind string `yaml:"kind"`
	// Caller is the name on its certificate, such as
	// police.internal.kompetansespor.example; agencies of a kind may share one.
	// Required.
	Caller string `yaml:"caller"`
	// DID is its did:web, by which a worker's consent names it. Required.
	DID string `yaml:"did"`
	// Purpose is the one purpose that it may read a granted case for. Required,
	// but for police, tax and bank.
	Purpose string `yaml:"purpose"`
	// Claims are the paths that it may ever get, each as in the offer's claims.
	// Required, but for police, tax and bank.
	Claims []string `yaml:"claims"`
	// Shares are what it may tell others when the worker agrees, such as
	// payroll_account. Default for a bank: payroll_account.
	Shares []string `yaml:"shares"`
	// EarlyPurpose and EarlyClaims are what it may read for before the decision.
	// Default for the police: early-start.
	EarlyPurpose string   `yaml:"early_purpose"`
	EarlyClaims  []string `yaml:"early_claims"`
}

const defaultChallengeLifetime = 5 * time.Minute

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := append(c.Common.Validate(config.Needs{Events: true, Methods: []string{
		verifierv1.ViewService_GetView_FullMethodName, verifierv1.AccessLogService_ListAccess_FullMethodName,
	}}), c.TrustList.Validate()...)
	wrong := func(field, message string) {
		all = append(all, fault.Violation{Field: field, Rule: "config.verifier", Message: message})
	}
	if c.DID == "" {
		wrong("did", "is missing: name UDI's did:web")
	}
	if c.ChallengeLifetime == 0 {
		c.ChallengeLifetime = defaultChallengeLifetime
	}
	if c.ChallengeLifetime < 0 {
		wrong("challenge_lifetime", "must be a time such as 5m")
	}
	if len(c.Agencies) == 0 {
		c.Agencies = DefaultAgencies()
	}
	checkAgencies(c.Agencies, wrong)
	if !maskinporten.Reachable(c.Payments.URL, c.Development) {
		wrong("payments.url", "must be an https URL: applications wait until their fee is paid")
	}
	if c.Payments.TermsURL == "" {
		c.Payments.TermsURL = c.PublicURL
	}
	return all
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

	d, err := openDesk(ctx, s, cfg)
	if err != nil {
		return err
	}
	inbox.Register(s.Agent, d)

	document, err := openapi.Document("verifier")
	if err != nil {
		return err
	}
	tools, err := forTools(s, cfg)
	if err != nil {
		return err
	}
	targets, err := programme.LoadTargets()
	if err != nil {
		return err
	}
	policy := api.VerificationPolicy(api.ProgrammePolicy(api.Policy()))
	policy.Routes = tools.For(api.RoleOfficer, api.RoleAgency)
	return s.Run(ctx, service.Parts{
		Public: func(r grpc.ServiceRegistrar) {
			verifierv1.RegisterCaseServiceServer(r, &api.Cases{Desk: d})
			verifierv1.RegisterProgrammeServiceServer(r, &api.Programme{Office: &programme.Office{
				Source: store.Programme{DB: s.DB}, Targets: targets, Clock: s.Clock, Zone: d.Zone,
			}})
			verifierv1.RegisterVerificationServiceServer(r, &api.Verification{Verifier: s.CachingVerifier(cfg.TrustList)})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{
			verifierv1.RegisterCaseServiceHandler, verifierv1.RegisterProgrammeServiceHandler, verifierv1.RegisterVerificationServiceHandler,
		},
		OpenAPI: document,
		Policy:  policy,
		Routes:  tools,
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.Bokmål, page.Staff(cfg.People, nil))
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu = web.Title, web.Menu()
			pages := &web.Pages{
				Cases: verifierv1.NewCaseServiceClient(own), Programme: verifierv1.NewProgrammeServiceClient(own),
				Payments: d, Targets: targets, WalletURL: cfg.WalletURL,
			}
			return portal.Routes(pages.Table()), nil
		},
		Jobs: d.Jobs(),
		Internal: func(r grpc.ServiceRegistrar) {
			verifierv1.RegisterViewServiceServer(r, &api.Views{Desk: d})
			verifierv1.RegisterAccessLogServiceServer(r, &api.AccessLog{Desk: d})
		},
		Consume: inbox.Events(d),
	})
}

// openDesk makes the desk and what it reaches out with.
func openDesk(ctx context.Context, s *service.Service, cfg Config) (*desk.Desk, error) {
	cases, err := store.Open(ctx, s.DB, s.Book.KeyStore(), s.Random)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, fmt.Errorf("load time zone: %w", err)
	}
	rules, err := ruleset.Current()
	if err != nil {
		return nil, err
	}
	figures, err := casefile.LoadParameters()
	if err != nil {
		return nil, err
	}
	notices, err := casefile.LoadNotices()
	if err != nil {
		return nil, err
	}
	secret, err := readSecret(cfg.Payments.SecretFile)
	if err != nil {
		return nil, err
	}
	registry, err := s.Dial("registry")
	if err != nil {
		return nil, err
	}
	police, err := s.Dial("police")
	if err != nil {
		return nil, err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: cases, Agent: s.Agent, Outbox: s.Outbox, Resolver: s.Resolver, Verification: s.Verifier(cfg.TrustList),
		Rules: rules, Automation: cfg.Automation.Enabled, Parameters: figures, Notices: notices,
		Payments: peers.Payments{
			URL: cfg.Payments.URL, Secret: secret, ReturnURL: cmp.Or(cfg.Payments.ReturnURL, cfg.PublicURL) + web.FeePaidPath, TermsURL: cfg.Payments.TermsURL, HTTP: s.Registers,
		},
		Signatories: peers.Signatories{Client: registryv1.NewSignatoryServiceClient(registry)},
		Identities:  peers.Identities{Client: policev1.NewIdentityServiceClient(police)},
		Clock:       s.Clock, Random: s.Random, Zone: zone, DID: cfg.DID, Agencies: agencies(cfg.Agencies), ChallengeLifetime: cfg.ChallengeLifetime,
	})
	d.Issuer = s.Issuer(nil, nil)
	return d, nil
}

func readSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read payment provider's secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func agencies(configured []Agency) []desk.Agency {
	all := make([]desk.Agency, len(configured))
	for i, a := range configured {
		all[i] = desk.Agency(a)
	}
	return all
}

// VerifyAccessLog checks in a verifier's database that the access log is a
// whole hash chain, and gives its length. Rule: accesslog.broken.
func VerifyAccessLog(ctx context.Context, q sqldb.Querier) (int64, error) {
	return store.VerifyChain(ctx, q)
}
