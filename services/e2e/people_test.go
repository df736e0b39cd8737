package e2e

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
)

// people are n generated, distinct, synthetic persons.
func people(t *testing.T, seed uint64, n int) []demo.Input {
	t.Helper()
	today := time.Now()
	employer := synthetic.Employer{
		OrganisationNumber: devsetup.Employer.OrganisationNumber, LegalName: devsetup.Employer.LegalName, ContactEmail: devsetup.Employer.ContactEmail,
	}
	var all []demo.Input
	for _, offer := range synthetic.Offers(seed, n, today, employer) {
		raw, err := json.Marshal(offer)
		if err != nil {
			t.Fatal(err)
		}
		one, err := demo.ParseInput(raw, today)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

// target is where the stack listens, for the demo's client.
func (s *stack) target() demo.Target {
	s.t.Helper()
	place := func(service, role string) demo.Place {
		at := s.layout.Services[service]
		return demo.Place{Address: at.PublicAddr, Host: at.Host, DID: at.DID, Token: s.token(service, role)}
	}
	return demo.Target{
		Authorities: s.authorities,
		Registry:    place("registry", "programme"), Issuer: place("issuer", "employer"), Wallet: place("wallet", "wallet-app"),
		Verifier: place("verifier", "officer"), Police: place("police", "officer"), Tax: place("tax", "clerk"), Bank: place("bank", "clerk"),
		Employer: demo.Employer{
			OrganisationNumber: devsetup.Employer.OrganisationNumber, LegalName: devsetup.Employer.LegalName, DID: devsetup.DID("issuer"),
		},
	}
}

// cases runs the persons through the stack in the background; what it returns
// gives the report when all have ended.
func (s *stack) cases(persons []demo.Input, parallel int) (wait func() *demo.Report) {
	type result struct {
		report *demo.Report
		err    error
	}
	ended := make(chan result, 1)
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Minute)
	go func() {
		report, err := demo.Run(ctx, s.target(), demo.Cases{Persons: persons, Parallel: parallel})
		ended <- result{report, err}
	}()
	return func() *demo.Report {
		s.t.Helper()
		defer cancel()
		r := <-ended
		if r.err != nil {
			s.fail("cases: %v", r.err)
		}
		return r.report
	}
}

// completed fails unless every case of the report is.
func (s *stack) completed(report *demo.Report, n int) {
	s.t.Helper()
	done := 0
	for _, c := range report.Cases {
		if c.Outcome == demo.Completed {
			done++
		}
	}
	if n == 1 && report.Outcome == demo.Completed {
		done = 1
	}
	if done != n {
		s.fail("%d of %d cases completed", done, n)
	}
}
