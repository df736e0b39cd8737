package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// exchange are the people of one issue-credential thread.
type exchange struct {
	*stack
	offers   issuerv1.OfferServiceClient
	wallets  walletv1.WalletServiceClient
	employer string
	app      string
	n        int
}

// newExchange starts what one issue-credential thread needs and accredits the
// employer.
func newExchange(t *testing.T) *exchange {
	s := newStack(t, devsetup.Pilot(), "registry", "issuer", "wallet")
	s.accredit()
	return newExchangeOn(s)
}

// newExchangeOn are the people on a stack that runs.
func newExchangeOn(s *stack) *exchange {
	return &exchange{
		stack: s, offers: issuerv1.NewOfferServiceClient(s.dial("issuer")), wallets: walletv1.NewWalletServiceClient(s.dial("wallet")),
		employer: s.token("issuer", "employer"), app: s.token("wallet", "wallet-app"),
	}
}

// signatories are who signs for every employer of the tests.
func signatories() []*registryv1.Signatory {
	return []*registryv1.Signatory{{Name: "Kari Nordmann", Role: "HR manager", Right: "urn:altinn:resource:kompetansespor-issue"}}
}

// accredit makes the pilot's employer an accredited one.
func (s *stack) accredit() {
	s.t.Helper()
	registry := registryv1.NewRegistryServiceClient(s.dial("registry"))
	_, err := registry.AccreditEmployer(as(s.t.Context(), s.token("registry", "programme")), &registryv1.AccreditEmployerRequest{
		OrganisationNumber: devsetup.Employer.OrganisationNumber, LegalName: devsetup.Employer.LegalName, Did: devsetup.DID("issuer"),
		Criteria: []string{"EMP-1", "EMP-2", "EMP-3", "EMP-4", "EMP-5", "EMP-6", "EMP-7", "EMP-8"}, Municipality: "0301",
		Signatories: signatories(),
	})
	if err != nil {
		s.fail("accredit: %v", err)
	}
}

// issue signs an offer to a person of whom nobody has heard before, and returns
// it with its code.
func (e *exchange) issue() (*issuerv1.Offer, string) {
	e.t.Helper()
	e.n++
	key := fmt.Sprintf("test-offer-%d", e.n)
	form := lisa(time.Now())
	form.Birthdate = time.Date(1980, 1, 1+e.n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	form.Passport.DocumentNumber = fmt.Sprintf("T%08d", e.n)
	answer := answered(e.stack, func() (*issuerv1.IssueOfferResponse, error) {
		return e.offers.IssueOffer(as(e.t.Context(), e.employer), &issuerv1.IssueOfferRequest{Form: form, IdempotencyKey: key})
	})
	return answer.GetOffer(), answer.GetCollectionCode()
}

// open opens a wallet and returns its token.
func (e *exchange) open() string {
	e.t.Helper()
	return answered(e.stack, func() (*walletv1.OpenWalletResponse, error) {
		return e.wallets.OpenWallet(as(e.t.Context(), e.app), &walletv1.OpenWalletRequest{})
	}).GetToken()
}

// accept opens an invitation in a wallet.
func (e *exchange) accept(wallet, link, code string) *walletv1.Exchange {
	e.t.Helper()
	return answered(e.stack, func() (*walletv1.AcceptOfferResponse, error) {
		return e.wallets.AcceptOffer(as(e.t.Context(), wallet), &walletv1.AcceptOfferRequest{InvitationUrl: link, CollectionCode: code})
	}).GetExchange()
}

// ended waits until an exchange is done or has failed.
func (e *exchange) ended(wallet, id string) (ended *walletv1.Exchange) {
	e.t.Helper()
	e.until("the exchange ends", func() bool {
		ended = answered(e.stack, func() (*walletv1.GetExchangeResponse, error) {
			return e.wallets.GetExchange(as(e.t.Context(), wallet), &walletv1.GetExchangeRequest{ExchangeId: id})
		}).GetExchange()
		return ended.GetState() != walletv1.ExchangeState_EXCHANGE_STATE_OPEN
	})
	return ended
}

// collected says whether the employer sees the offer as collected by somebody
// whose wallet has acknowledged it.
func (e *exchange) collected(id string) bool {
	offer := answered(e.stack, func() (*issuerv1.GetOfferResponse, error) {
		return e.offers.GetOffer(as(e.t.Context(), e.employer), &issuerv1.GetOfferRequest{OfferId: id})
	}).GetOffer()
	for _, step := range offer.GetTimeline() {
		if step.GetName() == "offer.collected" {
			return offer.GetCollectedBy() != ""
		}
	}
	return false
}

// The worker collects with the link in the mail and the code that the employer
// gives another way; who signed what is kept.
func TestOfferIsCollectedIntoTheWallet(t *testing.T) {
	e := newExchange(t)
	form := lisa(time.Now())
	form.Signatory.AuthorisedBy = "urn:altinn:resource:kompetansespor-issue"
	signed, err := e.sign(as(t.Context(), e.employer), form, e.key())
	if err != nil {
		e.fail("sign: %v", err)
	}
	offer, code := signed.GetOffer(), signed.GetCollectionCode()
	e.authorised(offer.GetOfferId(), form.GetSignatory().GetAuthorisedBy())
	wallet := e.open()
	done := e.ended(wallet, e.accept(wallet, e.mailed(offer.GetOfferId(), form.GetEmail(), code), code).GetExchangeId())
	if done.GetState() != walletv1.ExchangeState_EXCHANGE_STATE_DONE {
		e.fail("the exchange failed: %v", done.GetProblem())
	}
	e.holdsOne(wallet)
	e.until("the employer sees who collected", func() bool { return e.collected(offer.GetOfferId()) })
	e.storesAsItIs()
}

// mailed waits for the mail with the guide, which is addressed to the worker
// and does not hold the code, and gives its link.
func (e *exchange) mailed(offerID, address, code string) (link string) {
	e.t.Helper()
	var raw []byte
	e.until("the mail has left", func() bool {
		var err error
		raw, err = os.ReadFile(filepath.Join(e.layout.Services["issuer"].DataDir, "mail", "mail_"+offerID+".eml"))
		return err == nil
	})
	header, parts := testkit.ReadMail(e.t, raw)
	text := parts["text/plain"]
	to, err := header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != address {
		e.fail("the mail goes to %v (%v)", to, err)
	}
	for _, place := range []string{string(raw), text, parts["text/html"]} {
		if strings.Contains(place, code) || strings.Contains(place, strings.ReplaceAll(code, "-", "")) {
			e.fail("the code is in the mail")
		}
	}
	link = e.layout.Services["issuer"].PublicURL + "/invitations/" + offerID
	if n := strings.Count(text, link+"\r\n"); n != 3 {
		e.fail("the link stands in %d of three languages:\n%s", n, text)
	}
	return link
}

// authorised fails unless it is kept who signed the offer, by which right, and
// what.
func (e *exchange) authorised(offerID, right string) {
	e.t.Helper()
	hash := sha256.Sum256([]byte(e.employer))
	n := e.count("issuer", `
		SELECT COUNT(*) FROM authorisation AS a JOIN offer AS o ON o.id = a.offer_id
		WHERE o.id = $1 AND a.tenant = $2 AND a.token_hash = $3 AND a.authorised_by = $4 AND a.form_hash = o.form_hash AND a.at = o.issued_at`,
		offerID, devsetup.Employer.OrganisationNumber, hex.EncodeToString(hash[:]), right)
	if n != 1 {
		e.fail("the authorisation of the offer is not kept")
	}
}

// holdsOne fails unless the wallet holds exactly one credential, verified.
func (e *exchange) holdsOne(wallet string) {
	e.t.Helper()
	held := answered(e.stack, func() (*walletv1.ListCredentialsResponse, error) {
		return e.wallets.ListCredentials(as(e.t.Context(), wallet), &walletv1.ListCredentialsRequest{})
	}).GetCredentials()
	if len(held) != 1 || !held[0].GetVerified() || held[0].GetType() != "OfferOfEmployment" {
		e.fail("the wallet holds %v", held)
	}
}

// acceptAmidDeaths opens an invitation while services die, perhaps before they
// answer, and starts each of them again.
func (e *exchange) acceptAmidDeaths(wallet, link, code string, victims []string) (begun *walletv1.Exchange) {
	e.t.Helper()
	revived := map[string]bool{}
	e.until(fmt.Sprint(victims, " die, and the invitation is opened"), func() bool {
		e.revive(victims, revived)
		if begun == nil {
			answer, err := e.wallets.AcceptOffer(as(e.t.Context(), wallet), &walletv1.AcceptOfferRequest{InvitationUrl: link, CollectionCode: code})
			if err == nil {
				begun = answer.GetExchange()
			}
		}
		return begun != nil && len(revived) == len(victims)
	})
	return begun
}

// didcommPoints are the crash points that an issue-credential thread passes.
var didcommPoints = []crash.Point{
	crash.BeforeReceiveCommit, crash.AfterReceiveCommit, crash.BeforeActCommit, crash.AfterActCommit, crash.BeforeSend, crash.AfterSend,
}

// Either side, and both, killed at each named point of an issue-credential
// thread and started again: the worker holds one credential, the employer sees
// it collected, nothing waits.
func TestExchangeSurvivesKillAtEveryPoint(t *testing.T) {
	e := newExchange(t)
	for _, victims := range [][]string{{"issuer"}, {"wallet"}, {"issuer", "wallet"}} {
		for _, point := range didcommPoints {
			t.Run(fmt.Sprintf("%v %s", victims, point), func(t *testing.T) {
				outer := e.t
				e.t = t
				defer func() { e.t = outer }()
				offer, code := e.issue()
				wallet := e.open()
				for _, victim := range victims {
					e.restart(victim, "KOMPETANSESPOR_CRASH_AT="+string(point))
				}
				begun := e.acceptAmidDeaths(wallet, offer.GetInvitationUrl(), code, victims)
				done := e.ended(wallet, begun.GetExchangeId())
				if done.GetState() != walletv1.ExchangeState_EXCHANGE_STATE_DONE {
					e.fail("the exchange failed: %v", done.GetProblem())
				}
				e.holdsOne(wallet)
				e.until("the employer sees who collected", func() bool { return e.collected(offer.GetOfferId()) })
			})
		}
	}
}
