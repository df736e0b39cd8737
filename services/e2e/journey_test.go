package e2e

import (
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// everything are the types of credentials that a completed case leaves in the
// worker's wallet.
var everything = []string{
	"Appointment", "BankAccountConfirmation", "OfferOfEmployment", "ResidenceCard", "ResidencePermit", "TaxCard", "TaxRegistration",
}

// steps are what has happened in a completed case, whatever the order in which
// the agencies' steps were seen.
var steps = []string{
	"application.submitted", "appointment.attended", "appointment.booked", "bankaccount.opened", "case.completed", "decision.made",
	"identifier.assigned", "identity.verified", "offer.collected", "offer.issued", "residencecard.issued", "taxcard.issued",
}

// One worker, one case, end to end, every service a process of its own.
func TestCaseFromOfferToBankAccount(t *testing.T) {
	s := newStack(t, devsetup.Pilot(), devsetup.Services()...)
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
		names = append(names, step.Name)
		if step.TimeClass == "" || step.TimeClass == "unspecified" {
			t.Errorf("%s has no time class", step.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, steps) {
		t.Errorf("the steps are %v, want %v", names, steps)
	}
	if len(report.Events) != len(steps) {
		t.Errorf("%d events for %d steps", len(report.Events), len(steps))
	}
	if report.DIDComm.Messages == 0 {
		t.Error("no DIDComm message was counted")
	}
	s.invariants(input)
}

// Fifty cases, eight at a time, all complete, and every invariant holds over
// databases, stream, logs, traces, metrics and URLs.
func TestFiftyCasesComplete(t *testing.T) {
	collector := testkit.StartOTLP(t)
	options := devsetup.Pilot()
	options.TelemetryEndpoint = collector.Endpoint()
	s := newStack(t, options, devsetup.Services()...)
	s.collector = collector
	input := people(t, 11, 50)
	report := s.cases(input, 8)()
	s.completed(report, len(input))
	s.invariants(input)
}

// One case is one trace through all seven services, also when a service was
// killed and started again on the way.
func TestOneCaseIsOneTrace(t *testing.T) {
	collector := testkit.StartOTLP(t)
	options := devsetup.Pilot()
	options.TelemetryEndpoint = collector.Endpoint()
	s := newStack(t, options, devsetup.Services()...)
	s.collector = collector
	// The police wait with the appointment until they are there again.
	s.kill("police")
	input := people(t, 13, 1)
	wait := s.cases(input, 1)
	s.until("the case is decided", func() bool {
		return s.query("verifier", `SELECT COUNT(*) FROM event_outbox WHERE type LIKE '%decision.made%'`) == 1
	})
	restarted := time.Now()
	s.start("police")
	report := wait()
	s.completed(report, 1)

	s.until("one trace has spans of all services, one begun after the restart", func() bool {
		services := map[string]map[string]bool{} // by trace
		after := map[string]bool{}
		for _, span := range collector.Spans() {
			if services[span.TraceID] == nil {
				services[span.TraceID] = map[string]bool{}
			}
			services[span.TraceID][span.Service] = true
			if span.Service == "police" && span.Start.After(restarted) {
				after[span.TraceID] = true
			}
		}
		for trace, seen := range services {
			if len(seen) == len(devsetup.Services()) && after[trace] {
				return true
			}
		}
		return false
	})
	if report.Outcome != demo.Completed {
		t.Fatalf("outcome %s", report.Outcome)
	}
	s.invariants(input)
}
