package e2e

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/status"

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

// offer looks an offer up as its employer.
func (e *exchange) offer(id string) *issuerv1.Offer {
	e.t.Helper()
	return answered(e.stack, func() (*issuerv1.GetOfferResponse, error) {
		return e.offers.GetOffer(as(e.t.Context(), e.employer), &issuerv1.GetOfferRequest{OfferId: id})
	}).GetOffer()
}

// signed counts the credentials of an offer that were signed.
func (e *exchange) signed(offerID string) int {
	e.t.Helper()
	return e.count("issuer", "SELECT COUNT(*) FROM issuance WHERE reference = $1 AND credential IS NOT NULL", offerID)
}

// An invitation and its code give one credential to one wallet, whatever is
// tried.
func TestInvitationGivesOneCredential(t *testing.T) {
	e := newExchange(t)
	e.within(t, "wrong codes are counted, and the sixth try is refused with the right one", func() { e.guessesCode() })
	e.within(t, "a second wallet comes too late", func() {
		offer, code := e.issue()
		first, second := e.open(), e.open()
		if done := e.ended(first, e.accept(first, offer.GetInvitationUrl(), code).GetExchangeId()); done.GetProblem() != nil {
			e.fail("the first wallet: %v", done.GetProblem())
		}
		e.failed(second, e.accept(second, offer.GetInvitationUrl(), code).GetExchangeId(), "offer.already-collected")
		e.holdsOne(first)
	})
	e.within(t, "hostile 43: fifty wallets at once", func() { e.race(50) })
	e.within(t, "hostile 43: one wallet fifty times at once", func() { e.repeats(50) })
	e.within(t, "an offer that was withdrawn is not given out", func() {
		offer, code := e.issue()
		e.withdraw(offer.GetOfferId())
		wallet := e.open()
		e.failed(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId(), "offer.withdrawn")
		if n := e.signed(offer.GetOfferId()); n != 0 {
			e.fail("%d credentials were signed", n)
		}
	})
	e.within(t, "withdrawing flips the bit of the one credential", func() { e.flipsItsBit() })
}

func (e *exchange) guessesCode() {
	offer, code := e.issue()
	wallet, wrong := e.open(), "0000-0000"
	if code == wrong {
		wrong = "1111-1111"
	}
	for left := int32(4); left >= 0; left-- {
		e.failed(wallet, e.accept(wallet, offer.GetInvitationUrl(), wrong).GetExchangeId(), "offer.wrong-code")
		if got := e.offer(offer.GetOfferId()).GetCollectionAttemptsLeft(); got != left {
			e.fail("%d attempts left, want %d", got, left)
		}
	}
	e.failed(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId(), "offer.code-attempts")
	if state := e.offer(offer.GetOfferId()).GetState(); state != issuerv1.OfferState_OFFER_STATE_LOCKED || e.signed(offer.GetOfferId()) != 0 {
		e.fail("the offer is %s", state)
	}
}

// race lets many wallets use one invitation and its code at once.
func (e *exchange) race(wallets int) {
	offer, code := e.issue()
	tokens := make([]string, wallets)
	for i := range tokens {
		tokens[i] = e.open()
	}
	held := e.count("wallet", "SELECT COUNT(*) FROM held_credential")
	ids, errs := make([]string, wallets), make([]error, wallets)
	var together sync.WaitGroup
	for i, token := range tokens {
		together.Go(func() {
			begun, err := e.wallets.AcceptOffer(as(e.t.Context(), token), &walletv1.AcceptOfferRequest{InvitationUrl: offer.GetInvitationUrl(), CollectionCode: code})
			ids[i], errs[i] = begun.GetExchange().GetExchangeId(), err
		})
	}
	together.Wait()
	winners := 0
	for i, token := range tokens {
		if errs[i] != nil {
			e.fail("accept: %v", errs[i])
		}
		switch done := e.ended(token, ids[i]); {
		case done.GetState() == walletv1.ExchangeState_EXCHANGE_STATE_DONE:
			winners++
			e.holdsOne(token)
		case done.GetProblem().GetRule() != "offer.already-collected":
			e.fail("a wallet that came too late: %v", done.GetProblem())
		}
	}
	if now := e.count("wallet", "SELECT COUNT(*) FROM held_credential"); winners != 1 || now != held+1 || e.signed(offer.GetOfferId()) != 1 {
		e.fail("%d wallets won, %d credentials are held, %d were signed", winners, now-held, e.signed(offer.GetOfferId()))
	}
}

// repeats lets one wallet use one invitation many times at once: all of it is
// one exchange, and one credential.
func (e *exchange) repeats(times int) {
	offer, code := e.issue()
	wallet := e.open()
	ids, errs := make([]string, times), make([]error, times)
	var together sync.WaitGroup
	for i := range times {
		together.Go(func() {
			begun, err := e.wallets.AcceptOffer(as(e.t.Context(), wallet), &walletv1.AcceptOfferRequest{InvitationUrl: offer.GetInvitationUrl(), CollectionCode: code})
			ids[i], errs[i] = begun.GetExchange().GetExchangeId(), err
		})
	}
	together.Wait()
	for i := range times {
		if errs[i] != nil || ids[i] != ids[0] {
			e.fail("the wallet has exchange %s and %s: %v", ids[0], ids[i], errs[i])
		}
	}
	if done := e.ended(wallet, ids[0]); done.GetProblem() != nil {
		e.fail("the exchange: %v", done.GetProblem())
	}
	e.holdsOne(wallet)
	if n := e.signed(offer.GetOfferId()); n != 1 {
		e.fail("%d credentials were signed", n)
	}
}

// flipsItsBit collects two offers, withdraws one, and reads the status list
// as anybody would.
func (e *exchange) flipsItsBit() {
	var entries [2]status.Entry
	var withdrawn string
	for i := range entries {
		offer, code := e.issue()
		wallet := e.open()
		done := e.ended(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId())
		entries[i] = e.statusOf(wallet, done.GetCredentialIds()[0])
		withdrawn = offer.GetOfferId() // the last one
	}
	if e.revoked(entries[0]) || e.revoked(entries[1]) {
		e.fail("a bit is set before anything was withdrawn")
	}
	e.withdraw(withdrawn)
	if e.revoked(entries[0]) || !e.revoked(entries[1]) {
		e.fail("not exactly the bit of the withdrawn offer is set")
	}
}

// statusOf reads where a held credential's status stands.
func (e *exchange) statusOf(wallet, id string) status.Entry {
	e.t.Helper()
	held := answered(e.stack, func() (*walletv1.GetCredentialResponse, error) {
		return e.wallets.GetCredential(as(e.t.Context(), wallet), &walletv1.GetCredentialRequest{CredentialId: id})
	}).GetCredential()
	var document struct {
		Status []struct {
			List    string `json:"statusListCredential"`
			Index   string `json:"statusListIndex"`
			Purpose string `json:"statusPurpose"`
		} `json:"credentialStatus"`
	}
	if err := json.Unmarshal(held.GetDocument(), &document); err != nil {
		e.t.Fatal(err)
	}
	for _, entry := range document.Status {
		index, err := strconv.Atoi(entry.Index)
		if err == nil && entry.Purpose == string(status.Revocation) {
			return status.Entry{List: entry.List, Index: index}
		}
	}
	e.fail("credentialStatus is %+v", document.Status)
	return status.Entry{}
}

// revoked reads a bit of the list that the issuer publishes.
func (e *exchange) revoked(entry status.Entry) bool {
	e.t.Helper()
	path, ok := strings.CutPrefix(entry.List, e.layout.Services["issuer"].PublicURL)
	if !ok {
		e.fail("the status list is at %s", entry.List)
	}
	a := e.ask("issuer", http.MethodGet, path, nil, nil)
	var list struct {
		Subject struct {
			Encoded string `json:"encodedList"`
		} `json:"credentialSubject"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil || a.status != http.StatusOK {
		e.fail("status list: %d, %v", a.status, err)
	}
	bits, err := status.DecodeBitstring(list.Subject.Encoded)
	if err != nil {
		e.fail("status list: %v", err)
	}
	set, err := bits.Get(entry.Index)
	if err != nil {
		e.fail("status list: %v", err)
	}
	return set
}
