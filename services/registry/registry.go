// Package registry is the programme's register: which employers may issue
// offers of employment, and the signed list of who may issue what. This file
// is the wiring; the journey is in internal/desk: accredit.go, list.go,
// revoke.go.
package registry

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/api"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
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
	all := c.Common.Validate(config.Needs{Events: true})
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
	if c.ListLifetime == 0 {
		c.ListLifetime = 5 * time.Minute
	}
	if c.ListLifetime < time.Second {
		all = append(all, fault.Violation{Field: "list_lifetime", Rule: "config.list_lifetime", Message: "must be at least 1s"})
	}
	return all
}

func mode(development bool) identifier.Mode {
	if development {
		return identifier.Synthetic
	}
	return identifier.Production
}

// Run serves until ctx ends. Logs go to out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := service.Open(ctx, cfg.Common, out, store.Migrations())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	agencies := make([]desk.Agency, len(cfg.Agencies))
	for i, a := range cfg.Agencies {
		agencies[i] = desk.Agency(a)
	}
	d := desk.New(desk.Config{
		DB: s.DB, Store: store.Store{}, Issuer: s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random,
		Signer: s.Book, AssertionKey: s.Book.AssertionKey, DID: cfg.DID, Agencies: agencies, Lifetime: cfg.ListLifetime,
		Mode: mode(cfg.Development),
	})
	if err := d.Configure(ctx); err != nil {
		return err
	}
	document, err := openapi.Document("registry")
	if err != nil {
		return err
	}
	routes, err := web.Routes(d.TrustList)
	if err != nil {
		return err
	}
	return s.Run(ctx, service.Parts{
		Public: func(r grpc.ServiceRegistrar) {
			registryv1.RegisterRegistryServiceServer(r, &api.Registry{Desk: d, Clock: s.Clock})
		},
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{registryv1.RegisterRegistryServiceHandler},
		OpenAPI: document,
		Policy:  api.Policy(),
		Routes:  routes,
	})
}
