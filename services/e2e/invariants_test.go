package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
)

// invariants waits until the stack has come to rest and fails when one of I1
// to I6 does not hold over databases, streams, logs, traces, metrics and URLs.
func (s *stack) invariants(persons []demo.Input) {
	s.t.Helper()
	for i, breach := range s.breaches(persons) {
		if i == 20 {
			s.t.Error("and more")
			break
		}
		s.t.Error(breach)
	}
}

// breaches are the invariants that do not hold once the stack has come to rest.
func (s *stack) breaches(persons []demo.Input) []invariants.Breach {
	s.t.Helper()
	s.until("the stack comes to rest", s.rests)
	sources := invariants.Sources{Layout: s.layout, Texts: []invariants.Text{{Name: "URLs", Content: strings.Join(s.urls(), "\n")}}}
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
	return breaches
}

// urls are those that people of the run have seen or sent: the invitations'
// links, and what was asked over REST, where the employer and the officer look
// at every offer and case. Those in credentials the checker finds by itself.
func (s *stack) urls() []string {
	s.t.Helper()
	header := func(service, role string) http.Header {
		return http.Header{"Authorization": {"Bearer " + s.token(service, role)}}
	}
	read := func(a answer, into any) {
		s.t.Helper()
		if err := json.Unmarshal(a.body, into); err != nil || a.status != http.StatusOK {
			s.fail("REST: %d %s (%v)", a.status, a.body, err)
		}
	}
	var offers struct {
		Offers []struct {
			ID string `json:"offer_id"`
		} `json:"offers"`
	}
	employer, officer := header("issuer", "employer"), header("verifier", "officer")
	read(s.ask("issuer", http.MethodGet, "/v1/offers?page_size=200", employer, nil), &offers)
	var links []string
	for _, offer := range offers.Offers {
		var one struct {
			Offer struct {
				Link string `json:"invitation_url"`
			} `json:"offer"`
		}
		read(s.ask("issuer", http.MethodGet, "/v1/offers/"+offer.ID, employer, nil), &one)
		links = append(links, one.Offer.Link)
	}
	var cases struct {
		Cases []struct {
			Ref string `json:"case_ref"`
		} `json:"cases"`
	}
	read(s.ask("verifier", http.MethodGet, "/v1/cases?page_size=200", officer, nil), &cases)
	for _, one := range cases.Cases {
		read(s.ask("verifier", http.MethodGet, "/v1/cases/"+one.Ref, officer, nil), new(any))
	}
	if len(links) != s.begun() || slices.Contains(links, "") || len(cases.Cases) == 0 {
		s.fail("%d links for %d offers, %d cases", len(links), s.begun(), len(cases.Cases))
	}
	return append(links, s.asked...)
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
