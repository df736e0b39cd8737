package web

import (
	"fmt"

	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
)

// mostCards are as many cards as a wallet shows: a finished case leaves seven.
const mostCards = 200

// cards are what the wallet holds, the newest first.
func (p *Pages) cards(c *page.Call) error {
	held, err := p.held(c)
	if err != nil {
		return err
	}
	unread, err := p.unread(c)
	if err != nil {
		return err
	}
	return c.Show(cards(c, held, unread, p.who(c)))
}

func (p *Pages) held(c *page.Call) ([]*walletv1.Credential, error) {
	answer, err := p.Wallet.ListCredentials(c.Context(), &walletv1.ListCredentialsRequest{PageSize: mostCards})
	if err != nil {
		return nil, err
	}
	all := answer.GetCredentials()
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all, nil
}

func (p *Pages) unread(c *page.Call) (int, error) {
	answer, err := p.Wallet.ListNotices(c.Context(), &walletv1.ListNoticesRequest{PageSize: 1})
	return int(answer.GetUnread()), err
}

// card shows one card with all that it says.
func (p *Pages) card(c *page.Call) error {
	answer, err := p.Wallet.GetCredential(c.Context(), &walletv1.GetCredentialRequest{CredentialId: c.Path("credential")})
	if err != nil {
		return err
	}
	return c.Show(card(c, answer.GetCredential(), p.who(c)))
}

// offer is the newest offer in the wallet that still may be shown; nil when there is
// none.
func (p *Pages) offer(c *page.Call) (*walletv1.Credential, error) {
	held, err := p.held(c)
	if err != nil {
		return nil, err
	}
	for _, one := range held {
		if one.GetType() == credtype.OfferOfEmployment {
			answer, err := p.Wallet.GetCredential(c.Context(), &walletv1.GetCredentialRequest{CredentialId: one.GetCredentialId()})
			return answer.GetCredential(), err
		}
	}
	return nil, nil
}

// namer tells organisations by their DIDs.
type namer func(did string) string

// who names those that the wallet is set up with; others by the host of their DID, which
// they cannot choose freely.
func (p *Pages) who(c *page.Call) namer {
	return func(did string) string {
		if did == p.Authority {
			return c.T("agency.udi")
		}
		for _, r := range p.Recipients {
			if r.DID == did {
				return r.Name
			}
		}
		return hostOf(did)
	}
}

// issuerOf is who issued a card: of an offer the employer, whom it names and the registry
// has accredited under that name.
func issuerOf(one *walletv1.Credential, who namer) string {
	if one.GetType() == credtype.OfferOfEmployment {
		if name, ok := valueAt(one.GetClaims().AsMap(), "employer.legal_name"); ok {
			return fmt.Sprint(name)
		}
	}
	return who(one.GetIssuer())
}

// until is when a card ends, when it says so.
func until(c *page.Call, one *walletv1.Credential) string {
	claims := one.GetClaims().AsMap()
	for _, name := range []string{"valid_until", "date_of_expiry", "end"} {
		if text, ok := claims[name].(string); ok {
			return c.ClaimValue(name, text)
		}
	}
	return ""
}

// ended reports whether a card's own date has passed.
func ended(c *page.Call, one *walletv1.Credential) bool {
	text, ok := one.GetClaims().AsMap()["valid_until"].(string)
	if !ok {
		return false
	}
	at, err := time.Parse(time.RFC3339, text)
	return err == nil && at.Before(c.Portal.Clock.Now())
}
