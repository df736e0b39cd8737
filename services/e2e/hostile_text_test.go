package e2e

import (
	"net/http"
	"net/url"
	"time"

	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// metacharacters is what SQL, LIKE, shells and templates take for more than
// text.
const metacharacters = `'; DROP TABLE offer; -- " OR 1=1 /* %_ \ $1 ${x} {{.}} */ <b>`

// storesAsItIs signs an offer whose free texts are full of metacharacters and
// collects it, in each format: every table, message and credential on the way
// holds them as they are. Hostile input 42.
func (e *exchange) storesAsItIs() {
	e.t.Helper()
	registry := registryv1.NewRegistryServiceClient(e.dial("registry"))
	if _, err := registry.RegisterSignatory(as(e.t.Context(), e.token("registry", "programme")), &registryv1.RegisterSignatoryRequest{
		OrganisationNumber: devsetup.Employer.OrganisationNumber,
		Signatory:          &registryv1.Signatory{Name: lisa(time.Now()).GetSignatory().GetName(), Role: metacharacters, Right: metacharacters},
	}); err != nil {
		e.fail("register the signatory: %v", err)
	}
	for _, format := range []string{"ldp_vc", "dc+sd-jwt"} {
		form := lisa(time.Now())
		form.Employment.JobTitle = metacharacters
		form.Employment.JobDescription = metacharacters
		form.Signatory.Role = metacharacters
		signed, err := e.sign(as(e.t.Context(), e.employer), form, e.key())
		if err != nil {
			e.fail("sign: %v", err)
		}
		wallet := answered(e.stack, func() (*walletv1.OpenWalletResponse, error) {
			return e.wallets.OpenWallet(as(e.t.Context(), e.app), &walletv1.OpenWalletRequest{CredentialFormat: format})
		}).GetToken()
		if done := e.ended(wallet, e.accept(wallet, signed.GetOffer().GetInvitationUrl(), signed.GetCollectionCode()).GetExchangeId()); done.GetState() != walletv1.ExchangeState_EXCHANGE_STATE_DONE {
			e.fail("%s: the exchange failed: %v", format, done.GetProblem())
		}
		for _, held := range e.heldBy(wallet) {
			employment := held.GetClaims().GetFields()["employment"].GetStructValue().GetFields()
			signatory := held.GetClaims().GetFields()["signatory"].GetStructValue().GetFields()
			for _, got := range []string{
				employment["job_title"].GetStringValue(), employment["job_description"].GetStringValue(), signatory["role"].GetStringValue(),
			} {
				if got != metacharacters || held.GetFormat() != format {
					e.t.Errorf("%s: the wallet holds %q", held.GetFormat(), got)
				}
			}
		}
	}
	// As a name of a thing it names nothing.
	for _, id := range []string{"' OR '1'='1", "off_%", "1; DROP TABLE offer"} {
		header := http.Header{"Authorization": {"Bearer " + e.employer}}
		if a := e.ask("issuer", http.MethodGet, "/v1/offers/"+url.PathEscape(id), header, nil); a.status != http.StatusNotFound {
			e.t.Errorf("the offer %q: %d", id, a.status)
		}
	}
}
