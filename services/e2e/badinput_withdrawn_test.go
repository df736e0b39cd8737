package e2e

import (
	"testing"

	"google.golang.org/grpc/codes"

	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// An offer that was withdrawn, or of which nobody can tell, stops the
// application and the decision, and the worker's wallet says why.
func TestWithdrawnOfferStopsTheApplicationAndTheDecision(t *testing.T) {
	s := newStack(t, devsetup.Pilot(), "registry", "issuer", "wallet")
	s.start("verifier", "KOMPETANSESPOR_DIDCOMM_PATIENCE=2s")
	s.ready("verifier")
	s.accredit()
	e := newExchangeOn(s)
	cases := verifierv1.NewCaseServiceClient(s.dial("verifier"))
	grant := func(caseRef string) error {
		_, err := cases.DecideCase(as(s.t.Context(), s.token("verifier", "officer")), &verifierv1.DecideCaseRequest{
			CaseRef: caseRef, Outcome: verifierv1.CaseOutcome_CASE_OUTCOME_GRANTED,
		})
		return err
	}
	s.within(t, "the issuer cannot be reached", func() {
		wallet, held, _ := e.holder()
		waiting, itsCredential, _ := e.holder()
		caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
		s.kill("issuer")
		s.untouched("verifier", whatACaseLeaves, func() {
			s.refused(grant(caseRef), codes.Unavailable, "status.unreachable")
			e.failed(waiting, e.applies(waiting, itsCredential), "status.unreachable")
		})
		s.start("issuer")
		s.ready("issuer")
		if err := grant(caseRef); err != nil {
			s.fail("the issuer is back: %v", err)
		}
		if done := e.ended(waiting, e.applies(waiting, itsCredential)); done.GetCaseRef() == "" {
			s.fail("the worker cannot apply again: %v", done.GetProblem())
		}
	})
	s.within(t, "withdrawn, then presented", func() {
		wallet, held, offer := e.holder()
		e.withdraw(offer)
		s.untouched("verifier", whatACaseLeaves, func() {
			e.failed(wallet, e.applies(wallet, held), "status.revoked")
		})
	})
	s.within(t, "withdrawn between presentation and decision", func() {
		wallet, held, offer := e.holder()
		caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
		e.withdraw(offer)
		// The status list says it at once, the event a moment later.
		if got := refusalOf(grant(caseRef)); got.rule != "status.revoked" && got.rule != "case.offer-withdrawn" {
			s.fail("a case whose offer was withdrawn is granted: %v", got)
		}
		if n := s.count("verifier", "SELECT COUNT(*) FROM decision WHERE case_ref = $1 AND outcome = 'GRANTED'", caseRef); n != 0 {
			s.fail("the decision was recorded")
		}
	})
}

// holder is a wallet that holds an offer.
func (e *exchange) holder() (wallet, credentialID, offerID string) {
	e.t.Helper()
	offer, code := e.issue()
	wallet = e.open()
	done := e.ended(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId())
	if len(done.GetCredentialIds()) != 1 {
		e.fail("the offer was not collected: %v", done.GetProblem())
	}
	return wallet, done.GetCredentialIds()[0], offer.GetOfferId()
}

// applies has a wallet apply, and gives its exchange.
func (e *exchange) applies(wallet, credentialID string) string {
	e.t.Helper()
	consent := &walletv1.Consent{Purpose: "residence-permit"}
	for _, agency := range []string{"police", "tax", "bank"} {
		consent.Agencies = append(consent.Agencies, &walletv1.ConsentAgency{AgencyDid: devsetup.DID(agency), Claims: []string{"given_name", "family_name"}})
	}
	return answered(e.stack, func() (*walletv1.ApplyForPermitResponse, error) {
		return e.wallets.ApplyForPermit(as(e.t.Context(), wallet), &walletv1.ApplyForPermitRequest{CredentialId: credentialID, Consent: consent})
	}).GetExchange().GetExchangeId()
}
