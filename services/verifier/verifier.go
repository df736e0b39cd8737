// Package verifier is UDI's receiver: it takes applications from wallets, holds
// the rules against them, lets officers decide, and gives each agency its own
// view of what was granted. This file is the wiring; the journey is in
// internal/desk: ask.go, receive.go, decide.go, view.go, record.go.
package verifier

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/api"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/store"
)

// Config is the verifier's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// TrustList says who is accredited. Required.
	TrustList config.TrustList `yaml:"trust_list"`

	// Agencies are those that go on with a granted case. Every application's
	// consent must name each of them. Default: police, tax and bank, see
	// DefaultAgencies.
	Agencies []Agency `yaml:"agencies"`

	// ChallengeLifetime is how long a wallet has to answer a request for a
	// presentation before it is asked again, such as 90s. Default 5m.
	ChallengeLifetime time.Duration `yaml:"challenge_lifetime"`
}

// Agency is somebody who may have a view of granted cases.
type Agency struct {
	// Name is what the access log calls it, such as police. Required.
	Name string `yaml:"name"`
	// Caller is the name on its certificate, such as
	// police.internal.kompetansespor.example. Required.
	Caller string `yaml:"caller"`
	// DID is its did:web, by which a worker's consent names it. Required.
	DID string `yaml:"did"`
	// Purpose is the one purpose that it may read for. Required, but for
	// police, tax and bank.
	Purpose string `yaml:"purpose"`
	// Claims are the paths that it may ever get, each as in the offer's claims.
	// Required, but for police, tax and bank.
	Claims []string `yaml:"claims"`
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
	seen := map[string]bool{}
	for i := range c.Agencies {
		a := &c.Agencies[i]
		a.defaults()
		field := fmt.Sprintf("agencies[%d]", i)
		if a.Name == "" || a.Caller == "" || a.DID == "" || a.Purpose == "" || len(a.Claims) == 0 {
			wrong(field, "needs name, caller, did, purpose and claims")
		}
		if seen[a.Name] || seen[a.Caller] || seen[a.DID] {
			wrong(field, "has the name, caller or did of another agency")
		}
		seen[a.Name], seen[a.Caller], seen[a.DID] = true, true, true
	}
	return all
}

// Run serves until ctx ends. Logs go to out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := service.Open(ctx, cfg.Common, out, store.Migrations())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return fmt.Errorf("load time zone: %w", err)
	}
	rules, err := ruleset.Current()
	if err != nil {
		return err
	}
	cases, err := store.Open(ctx, s.DB, s.Book.KeyStore(), s.Random)
	if err != nil {
		return err
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: cases, Agent: s.Agent, Outbox: s.Outbox, Resolver: s.Resolver,
		Verification: s.Verifier(cfg.TrustList), Rules: rules, Clock: s.Clock, Random: s.Random, Zone: zone, DID: cfg.DID, Agencies: agencies(cfg.Agencies),
		ChallengeLifetime: cfg.ChallengeLifetime,
	})
	d.Issuer = s.Issuer(nil, nil)
	inbox.Register(s.Agent, d)

	document, err := openapi.Document("verifier")
	if err != nil {
		return err
	}
	tools, err := forTools(s, cfg)
	if err != nil {
		return err
	}
	policy := api.Policy()
	policy.Routes = tools.For(api.RoleOfficer, roleAgency)
	return s.Run(ctx, service.Parts{
		Public:  func(r grpc.ServiceRegistrar) { verifierv1.RegisterCaseServiceServer(r, &api.Cases{Desk: d}) },
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{verifierv1.RegisterCaseServiceHandler},
		OpenAPI: document,
		Policy:  policy,
		Routes:  tools,
		Internal: func(r grpc.ServiceRegistrar) {
			verifierv1.RegisterViewServiceServer(r, &api.Views{Desk: d})
			verifierv1.RegisterAccessLogServiceServer(r, &api.AccessLog{Desk: d})
		},
		Consume: inbox.Events(d),
	})
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
