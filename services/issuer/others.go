package issuer

import (
	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/peers"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/peers/skattekort"
)

// purpose is what the issuer asks for a worker's number for.
const purpose = "tax-card"

// findsPerMinute is how often one address may look for an offer by its number:
// a wallet service asks for all its workers.
const findsPerMinute = 120

// others are whom the issuer asks for its employers once a case goes on; nil
// where it is not set up to.
type others struct {
	identifiers desk.Identifiers
	taxCards    desk.TaxCards
	accounts    desk.Accounts
}

func askOthers(s *service.Service, cfg Config) (o others, err error) {
	if _, known := cfg.Peers["bank"]; known {
		bank, err := s.Dial("bank")
		if err != nil {
			return o, err
		}
		o.accounts = peers.Accounts{Client: bankv1.NewPayrollServiceClient(bank)}
	}
	if _, known := cfg.Peers["tax"]; !known || cfg.TaxCards.URL == "" {
		return o, nil
	}
	tax, err := s.Dial("tax")
	if err != nil {
		return o, err
	}
	tokens, err := s.Tokens(cfg.TaxCards.Maskinporten)
	if err != nil {
		return o, err
	}
	o.identifiers = peers.Identifiers{Client: taxv1.NewIdentifierServiceClient(tax), Purpose: purpose}
	o.taxCards = &skattekort.Client{URL: cfg.TaxCards.URL, Tokens: tokens, HTTP: s.Registers}
	return o, nil
}
