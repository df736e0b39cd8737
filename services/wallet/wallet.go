// Package wallet is where workers keep their credentials: many holders in one
// service, each with DIDs and keys of their own. This file is the wiring; the
// journey is in internal/desk: open.go, collect.go, take.go, apply.go.
package wallet

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
	tools "github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/api"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/store"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/web"
)

// Config is the wallet's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// TrustList says who may issue what. Required.
	TrustList config.TrustList `yaml:"trust_list"`

	// Authority is the DID of UDI, where applications go. Required.
	Authority string `yaml:"authority"`

	// IssuerURL is the public URL of the service that knows offers by their
	// number, such as https://issuer.kompetansespor.example. Empty: offers are
	// taken by link alone.
	IssuerURL string `yaml:"issuer_url"`

	// Recipients are the agencies that a holder may let read an offer, in the order in
	// which the consent lists them. Empty: the pages offer no application.
	Recipients []Recipient `yaml:"recipients"`

	// WalletsPerHour is how many wallets one app may open in an hour. Default
	// 10000.
	WalletsPerHour int64 `yaml:"wallets_per_hour"`
}

// Recipient is an agency that may be let read an offer's claims.
type Recipient struct {
	// DID is the agency's did:web, Name what people call it. Required.
	DID  string `yaml:"did"`
	Name string `yaml:"name"`
	// Kind is police, tax or bank: why it reads. Of several banks the holder chooses
	// one.
	Kind string `yaml:"kind"`
	// Claims are those of the offer that it cannot do without, Optional those that
	// help, by their paths.
	Claims   []string `yaml:"claims"`
	Optional []string `yaml:"optional"`
}

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := append(c.Common.Validate(config.Needs{Peers: []string{"verifier"}}), c.TrustList.Validate()...)
	if !strings.HasPrefix(c.Authority, "did:web:") {
		all = append(all, fault.Violation{Field: "authority", Rule: "config.authority", Message: "must be the did:web of the authority that takes applications"})
	}
	if c.IssuerURL != "" && (!strings.HasPrefix(c.IssuerURL, "https://") || strings.HasSuffix(c.IssuerURL, "/")) {
		all = append(all, fault.Violation{Field: "issuer_url", Rule: "config.issuer_url", Message: "must be https:// and a host, without a slash at the end"})
	}
	for i, r := range c.Recipients {
		if !strings.HasPrefix(r.DID, "did:web:") || r.Name == "" || !slices.Contains([]string{"police", "tax", "bank"}, r.Kind) || len(r.Claims) == 0 {
			all = append(all, fault.Violation{Field: fmt.Sprintf("recipients[%d]", i), Rule: "config.recipients", Message: "needs a did:web, a name, a kind (police, tax or bank) and claims"})
		}
	}
	if c.WalletsPerHour == 0 {
		c.WalletsPerHour = 10_000
	}
	return all
}

// recoversPerHour is how often one address may try a recovery code in an hour.
const recoversPerHour = 10

// findsPerHour is how often a holder may look for an offer by its number in an
// hour: what an offer bears four times over.
const findsPerHour = 20

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

	verifier, err := s.Dial("verifier")
	if err != nil {
		return err
	}
	holders := store.Store{Sealer: s.Book.KeyStore(), Clock: s.Clock}
	d := desk.New(desk.Config{
		DB: s.DB, Store: holders, Book: s.Book, Agent: s.Agent, Verification: s.CachingVerifier(cfg.TrustList),
		Invitations: peers.Invitations{Get: s.Fetch, Issuer: cfg.IssuerURL},
		AccessLog:   peers.AccessLog{Client: verifierv1.NewAccessLogServiceClient(verifier)},
		Opening:     cache.NewLimiter(s.Cache, s.Clock, "open-wallet", cfg.WalletsPerHour, time.Hour),
		Finding:     cache.NewLimiter(s.Cache, s.Clock, "find-offer", findsPerHour, time.Hour),
		Recovering:  cache.NewLimiter(s.Cache, s.Clock, "recover", recoversPerHour, time.Hour),
		Clock:       s.Clock, Random: s.Random, Endpoint: s.DIDCommEndpoint(), Authority: cfg.Authority,
	})
	inbox.Register(s.Agent, d)

	deriving := tools.Deriving(&vcapi.Deriver{DB: s.DB, Store: holders})
	policy := api.Policy()
	policy.Routes = deriving.For(api.RoleHolder)
	apps, err := rpc.LoadTokens(cfg.TokensFile, s.Clock)
	if err != nil {
		return err
	}
	document, err := openapi.Document("wallet")
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public:  func(r grpc.ServiceRegistrar) { walletv1.RegisterWalletServiceServer(r, &api.Wallet{Desk: d}) },
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{walletv1.RegisterWalletServiceHandler},
		OpenAPI: document,
		Policy:  policy,
		Pages: func(own grpc.ClientConnInterface) (map[string]http.Handler, error) {
			portal, err := s.Portal(own, web.Texts, texts.English, nil)
			if err != nil {
				return nil, err
			}
			portal.Title, portal.Menu, portal.Look, portal.OwnDoor = web.Title, web.Menu(), page.LookPhone, web.Door
			pages := &web.Pages{
				Wallet: walletv1.NewWalletServiceClient(own), Accounts: d, Recipients: recipients(cfg.Recipients), Authority: cfg.Authority, Random: s.Random,
				App: rpc.Principal{Role: api.RoleApp, Subject: "pages"},
			}
			return portal.Routes(pages.Table()), nil
		},
		Routes: deriving,
		Authenticator: api.Authenticator{Apps: apps, Holders: func(ctx context.Context, tokenHash string) (string, error) {
			return holders.HolderOf(ctx, s.DB.Read(), tokenHash)
		}},
	})
}

func recipients(configured []Recipient) []web.Recipient {
	all := make([]web.Recipient, len(configured))
	for i, r := range configured {
		all[i] = web.Recipient(r)
	}
	return all
}
