package e2e

import (
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
)

// invariants waits until the stack has come to rest and fails when one of I1
// to I6 does not hold over databases, streams, logs, traces, metrics and URLs
// (which are in logs and traces).
func (s *stack) invariants(persons []demo.Input) {
	s.t.Helper()
	s.until("the stack comes to rest", s.rests)
	sources := invariants.Sources{Layout: s.layout}
	for name := range s.running {
		sources.Logs = append(sources.Logs, s.logFile(name))
	}
	if s.collector != nil {
		sources.Texts = append(sources.Texts, invariants.Text{Name: "telemetry", Content: s.collector.Text()})
	}
	for _, p := range persons {
		sources.Persons = append(sources.Persons, invariants.Person{
			GivenName: p.GivenName, FamilyName: p.FamilyName, Email: p.Email, PhoneNumber: p.PhoneNumber,
			Birthdate: p.Birthdate, PassportNumber: p.Passport.DocumentNumber,
		})
	}
	breaches, err := invariants.Check(s.t.Context(), sources)
	if err != nil {
		s.fail("%v", err)
	}
	for i, breach := range breaches {
		if i == 20 {
			s.t.Errorf("and %d more", len(breaches)-i)
			break
		}
		s.t.Error(breach)
	}
}

// rests reports whether nothing waits anywhere: no message, no event, and
// every consumer has taken what its producers have told.
func (s *stack) rests() bool {
	for _, service := range devsetup.Services() {
		const waiting = `SELECT (SELECT COUNT(*) FROM agent_inbox WHERE state = 'waiting') + (SELECT COUNT(*) FROM agent_outbox WHERE state = 'waiting')
			+ (SELECT COUNT(*) FROM event_outbox WHERE state = 'waiting') + (SELECT COUNT(*) FROM issuance WHERE state IN ('offered', 'issued') AND thread <> '')`
		if s.query(service, waiting) > 0 {
			return false
		}
	}
	for consumer, producers := range eventbus.Standard(1).Consumers {
		for _, producer := range producers {
			told := s.query(producer, `SELECT COUNT(*) FROM event_outbox`)
			if s.query(consumer, fmt.Sprintf(`SELECT COUNT(*) FROM event_inbox WHERE producer = '%s'`, producer)) < told {
				return false
			}
		}
	}
	return true
}
