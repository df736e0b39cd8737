package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
)

// everything are the types of credentials that a completed case leaves in the
// worker's wallet.
var everything = []string{
	"Appointment", "BankAccountConfirmation", "OfferOfEmployment", "ResidenceCard", "ResidencePermit", "TaxCard", "TaxRegistration",
}

// steps are what has happened in a completed case, whatever the order in which
// the agencies' steps were seen.
var steps = []string{
	"application.feepaid", "application.submitted", "appointment.attended", "appointment.booked", "bankaccount.opened", "biometrics.captured",
	"case.completed", "decision.made", "identifier.assigned", "identifier.requested", "identity.verified", "offer.collected", "offer.issued",
	"residencecard.issued", "residencecard.ordered", "taxcard.issued",
}

// One worker, one case, end to end, every service a process of its own.
func TestCaseFromOfferToBankAccount(t *testing.T) {
	r := newRogueStack(newStack(t, devsetup.Pilot()), devsetup.Services()...)
	s := r.stack
	input := people(t, 7, 1)
	report := s.cases(input, 1)()
	s.completed(report, 1)

	var types, names []string
	for _, c := range report.Wallet.Credentials {
		types = append(types, c.Type)
		if !c.Verified {
			t.Errorf("%s is not verified", c.Type)
		}
	}
	slices.Sort(types)
	if !slices.Equal(types, everything) {
		t.Errorf("the wallet holds %v, want %v", types, everything)
	}
	for _, step := range report.Steps {
		// What the bank does beside is told when the case may be closed already.
		if !slices.Contains([]string{"payrollaccount.shared", "bankid.ordered", "bankid.issued"}, step.Name) {
			names = append(names, step.Name)
		}
		if step.TimeClass == "" || step.TimeClass == "unspecified" {
			t.Errorf("%s has no time class", step.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, steps) {
		t.Errorf("the steps are %v, want %v", names, steps)
	}
	if len(report.Events) != len(report.Steps) {
		t.Errorf("%d events for %d steps", len(report.Events), len(report.Steps))
	}
	if report.DIDComm.Messages == 0 {
		t.Error("no DIDComm message was counted")
	}
	s.invariants(input)

	e := newExchangeOn(s)
	r.within(t, "no step waits for the wallet, and the worker sees who read what", func() { e.goesOnWithoutWallet(r) })
	r.within(t, "a challenge that has expired is asked again by itself", func() { e.outlivesChallenge() })
}

// goesOnWithoutWallet stops the wallet when the application is accepted and
// starts it again when the case is completed.
func (e *exchange) goesOnWithoutWallet(r *rogue) {
	wallet, held, _ := e.holder()
	caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
	r.postsToDelivery(e, wallet)
	e.kill("wallet")
	if err := e.grant(caseRef); err != nil {
		e.fail("grant: %v", err)
	}
	e.booked(caseRef)
	e.attend(caseRef)
	e.closed(caseRef)
	e.start("wallet")
	e.ready("wallet")
	e.holds(wallet)

	readings := e.accesses(wallet)
	slices.Sort(readings)
	if want := []string{"bank account-opening", "police identity-control", "tax identifier-assignment"}; !slices.Equal(readings, want) {
		e.fail("the worker sees %v, want %v", readings, want)
	}
	if others := e.accesses(e.open()); len(others) != 0 {
		e.fail("another holder sees %v", others)
	}
}

// postsToDelivery brings a credential to the DID that a worker's consent made
// for the police, in the name of another organisation that may issue.
func (r *rogue) postsToDelivery(e *exchange, wallet string) {
	r.t.Helper()
	r.accreditAs(rogueEmployer, "Rogue Employer", rogueDID)
	owner := answered(r.stack, func() (*walletv1.GetWalletResponse, error) {
		return e.wallets.GetWallet(as(r.t.Context(), wallet), &walletv1.GetWalletRequest{})
	}).GetHolderId()
	delivery := r.text("wallet", "SELECT did FROM identity WHERE owner = $1 AND only_from = $2", owner, devsetup.DID("police"))
	r.untouched("wallet", []string{"agent_inbox", "exchange"}, func() {
		a := r.post("wallet", r.seal(didcomm.Message{Type: didcomm.TypeOfferCredential}, rogueDID, delivery))
		if a.status != http.StatusForbidden || a.rule != "didcomm.sender-not-expected" {
			r.fail("to the police's delivery DID: %d %s", a.status, a.rule)
		}
	})
}

// outlivesChallenge applies with a wallet that dies once it has proposed to
// present, and comes back when the challenge that waits for it has expired.
func (e *exchange) outlivesChallenge() {
	wallet, held, _ := e.holder()
	e.restart("verifier", "KOMPETANSESPOR_CHALLENGE_LIFETIME=1s")
	e.restart("wallet", "KOMPETANSESPOR_CRASH_AT="+string(crash.AfterSend))
	_, _ = e.wallets.ApplyForPermit(as(e.t.Context(), wallet), &walletv1.ApplyForPermitRequest{CredentialId: held, Consent: consent()}) // its answer may be lost with the process
	e.died("wallet")
	const session = "SELECT COUNT(*) FROM application_session WHERE state = 'asked'"
	e.until("UDI has asked", func() bool { return e.count("verifier", session) == 1 })
	e.until("the challenge has expired", func() bool {
		return e.count("verifier", session+" AND expires_at < $1", time.Now().UnixMicro()) == 1
	})
	before := e.count("verifier", "SELECT COUNT(*) FROM case_file")
	e.start("wallet")
	e.ready("wallet")
	id := e.applies(wallet, held) // the same exchange
	if done := e.ended(wallet, id); done.GetCaseRef() == "" {
		e.fail("no case: %v", done.GetProblem())
	}
	thread := e.text("wallet", "SELECT thread FROM exchange WHERE id = $1", id)
	if n := e.count("verifier", "SELECT COUNT(*) FROM agent_outbox WHERE thread = $1 AND type = $2", thread, didcomm.TypeRequestPresentation); n < 2 {
		e.fail("UDI has asked %d times", n)
	}
	if opened := e.count("verifier", "SELECT COUNT(*) FROM case_file") - before; opened != 1 {
		e.fail("%d cases were opened", opened)
	}
}

// Fifty cases, eight at a time, all complete, and every invariant holds over
// databases, stream, logs, traces, metrics and URLs.
func TestFiftyCasesComplete(t *testing.T) {
	s := newCollected(t)
	input := people(t, 11, 50)
	report := s.cases(input, 8)()
	s.completed(report, len(input))
	s.reported()
	s.invariants(input)
}

// One case is one trace through all seven services, also when UDI and the police
// are killed on the way: what they do after they were started again carries on
// the trace that they had kept with the case.
func TestOneCaseIsOneTrace(t *testing.T) {
	s := newCollected(t)
	s.accredit()
	e := newExchangeOn(s)
	wallet, held, _ := e.holder()
	caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
	again := map[string]time.Time{}
	revive := func(service string) {
		s.kill(service)
		again[service] = time.Now()
		s.start(service)
		s.ready(service)
	}
	revive("verifier")
	if err := s.grant(caseRef); err != nil {
		s.fail("grant: %v", err)
	}
	s.booked(caseRef)
	revive("police")
	s.attend(caseRef)
	s.closed(caseRef)
	e.holds(wallet)

	// A traceparent is version-trace-span-flags (W3C Trace Context, 3.2).
	trace := strings.Split(s.text("verifier", "SELECT traceparent FROM case_file WHERE ref = $1", caseRef), "-")[1]
	s.until("the trace has spans of all services, and of what was done after the kills", func() bool {
		services, after := map[string]bool{}, map[string]bool{}
		for _, span := range s.collector.Spans() {
			if span.TraceID != trace {
				continue
			}
			services[span.Service] = true
			if killed, ok := again[span.Service]; ok && span.Start.After(killed) {
				after[span.Name] = true
			}
		}
		return len(services) == len(devsetup.Services()) && after["case.Decide"] && after["appointment.Attend"]
	})
	s.invariants(nil)
}
