package e2e

import (
	"testing"

	"google.golang.org/grpc/codes"

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
	s.within(t, "the issuer cannot be reached", func() {
		wallet, held, _ := e.holder()
		waiting, itsCredential, _ := e.holder()
		caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
		s.pays(caseRef)
		s.kill("issuer")
		s.untouched("verifier", whatACaseLeaves, func() {
			s.refusedAlike(s.granting(caseRef), codes.Unavailable, "status.unreachable")
			e.failed(waiting, e.applies(waiting, itsCredential), "status.unreachable")
		})
		s.start("issuer")
		s.ready("issuer")
		if err := s.grant(caseRef); err != nil {
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
		if got := refusalOf(s.grant(caseRef)); got.rule != "status.revoked" && got.rule != "case.offer-withdrawn" {
			s.fail("a case whose offer was withdrawn is granted: %v", got)
		}
		if n := s.count("verifier", "SELECT COUNT(*) FROM decision WHERE case_ref = $1 AND outcome = 'GRANTED'", caseRef); n != 0 {
			s.fail("the decision was recorded")
		}
		s.until("UDI has heard of it", func() bool {
			return s.count("verifier", "SELECT COUNT(*) FROM case_file WHERE ref = $1 AND causes LIKE '%OFFER_WITHDRAWN%'", caseRef) == 1
		})
		e.decides(caseRef, codes.FailedPrecondition, "case.offer-withdrawn")
	})
}
