// Package bank is where a worker gets a salary account: when UDI has granted
// and the tax administration has assigned an identifier, in whichever order it
// learns so. This file is the wiring; the journey is in internal/desk:
// identify.go, open.go.
package bank

import (
	"context"
	"io"
	"regexp"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/api"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/store"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// Config is the bank's configuration.
type Config struct {
	config.Common `yaml:",inline"`

	// Bank is who keeps the accounts.
	Bank Bank `yaml:"bank"`
}

// Bank is a bank as its customers know it.
type Bank struct {
	// OrganisationNumber is the nine digits of Enhetsregisteret. Required.
	OrganisationNumber string `yaml:"organisation_number"`
	// Name is the bank's name. Required.
	Name string `yaml:"name"`
	// BIC is its bank identifier code (ISO 9362). Required.
	BIC string `yaml:"bic"`
	// Code is the four digits that its account numbers begin with, in quotes.
	// Required.
	Code string `yaml:"code"`
}

var code = regexp.MustCompile(`^[0-9]{4}$`)

// Validate says everything that is wrong with the configuration.
func (c *Config) Validate() []fault.Violation {
	all := c.Common.Validate(config.Needs{Peers: []string{"verifier", "tax"}, Events: true})
	when := func(broken bool, field, message string) {
		if broken {
			all = append(all, fault.Violation{Field: field, Rule: "config." + field, Message: message})
		}
	}
	when(c.DID == "", "did", "is missing: the bank issues with its DID")
	when(identifier.CheckOrganisationNumber(c.Bank.OrganisationNumber, mode(c.Development)) != nil, "bank.organisation_number", "is not a valid organisation number")
	when(strings.TrimSpace(c.Bank.Name) == "", "bank.name", "is missing")
	when(identifier.CheckBIC(c.Bank.BIC) != nil, "bank.bic", "is not a Norwegian bank identifier code")
	when(!code.MatchString(c.Bank.Code), "bank.code", `must be four digits in quotes, such as "9999"`)
	return all
}

func mode(development bool) identifier.Mode {
	if development {
		return identifier.Synthetic
	}
	return identifier.Production
}

// purpose is what the bank reads a case, and asks for an identifier, for.
const purpose = "account-opening"

// Run serves until ctx ends. Logs go to out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	s, err := service.Open(ctx, cfg.Common, out, onboarding.Migrations(), store.Migrations())
	if err != nil {
		return err
	}
	defer func() { _ = s.Close(ctx) }()

	fingerprint, err := onboarding.OpenFingerprint(ctx, s.DB, s.Book.KeyStore(), s.Random)
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
		Issuer:      s.Issuer(nil, nil), Outbox: s.Outbox, Clock: s.Clock, Random: s.Random, Mode: mode(cfg.Development), DID: cfg.DID,
		Bank: account.Bank{OrganisationNumber: cfg.Bank.OrganisationNumber, Name: cfg.Bank.Name, BIC: cfg.Bank.BIC}, Code: cfg.Bank.Code,
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
		Public:  func(r grpc.ServiceRegistrar) { bankv1.RegisterAccountServiceServer(r, &api.Accounts{Desk: d}) },
		Gateway: []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error{bankv1.RegisterAccountServiceHandler},
		OpenAPI: document,
		Policy:  api.Policy(),
		Consume: inbox.Handlers(d),
		Jobs:    d.Cases.Jobs(),
	})
}
