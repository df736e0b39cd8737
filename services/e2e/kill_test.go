package e2e

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the databases that a killed service leaves
)

// seed repeats a run of kills.
const seed = 20261122

// query asks a service's database for a number, read-only.
func (s *stack) query(service, query string) (n int) {
	s.t.Helper()
	path := filepath.Join(s.layout.Services[service].DataDir, service+".db")
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		s.fail("open %s: %v", path, err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		s.fail("ask %s: %v", service, err)
	}
	return n
}

// unfinished counts, in a service's own database, exchanges that have begun
// there and not ended: messages that wait, credentials that are offered or
// signed and not yet acknowledged, and the service's own open work.
func (s *stack) unfinished(service string) int {
	const messages = `SELECT (SELECT COUNT(*) FROM agent_inbox WHERE state = 'waiting') + (SELECT COUNT(*) FROM agent_outbox WHERE state = 'waiting')
		+ (SELECT COUNT(*) FROM issuance WHERE state IN ('offered', 'issued'))`
	if service == "wallet" {
		return s.query(service, messages+` + (SELECT COUNT(*) FROM exchange WHERE state IN ('proposed', 'requested', 'presented'))`)
	}
	return s.query(service, messages)
}

// begun counts cases whose offer was signed, ended those that are completed.
func (s *stack) begun() int { return s.query("issuer", `SELECT COUNT(*) FROM offer`) }
func (s *stack) ended() int {
	return s.query("verifier", `SELECT COUNT(*) FROM event_outbox WHERE type LIKE '%case.completed%'`)
}

// busy reports whether a service holds an exchange that has begun and not
// ended, by its own database; for the registry and NATS, which hold none,
// whether ten cases are unfinished.
func (s *stack) busy(service string) bool {
	if service == "registry" || service == "nats" {
		return s.begun()-s.ended() >= 10
	}
	return s.unfinished(service) > 0
}

// Each service and NATS, killed three times while it provably holds something
// unfinished, and started again: all fifty cases complete within a minute of
// the last start, and every invariant holds. It takes minutes: make kills.
func TestFiftyCasesSurviveThreeKillsOfEachService(t *testing.T) {
	for i, name := range targets {
		t.Run(name, func(t *testing.T) { casesSurvive(t, seed+uint64(i), 50, slices.Repeat([]string{name}, 3)) })
	}
}

// The same in short: every service and NATS killed once in a run of forty cases.
func TestCasesSurviveAKillOfEachService(t *testing.T) {
	casesSurvive(t, seed, 40, targets)
}

// targets are all that can be killed.
var targets = []string{"issuer", "wallet", "verifier", "police", "tax", "bank", "registry", "nats"}

// casesSurvive runs persons' cases, sixteen at a time, and kills the victims
// one after the other on the way.
func casesSurvive(t *testing.T, seed uint64, persons int, victims []string) {
	random := rand.New(rand.NewPCG(seed, uint64(persons)))
	s := newCollected(t)
	input := people(t, seed, persons)
	wait := s.cases(input, 16)
	var last time.Time
	// The kills are spread over the first part of the run: each comes when a
	// seeded number of cases has begun.
	stride := (persons - 16) / len(victims)
	for n := 0; n < len(victims); {
		name := victims[n]
		after := 1 + n*stride + random.IntN(stride)
		s.until(fmt.Sprintf("%d cases have begun", after), func() bool { return s.begun() >= after })
		s.until(name+" is busy", func() bool { return s.busy(name) })
		s.kill(name)
		if s.busy(name) { // what it left behind proves that it was
			n++
		}
		s.start(name)
		last = time.Now()
		if name != "nats" {
			s.ready(name)
		}
	}
	s.completed(wait(), persons)
	// The race detector makes everything several times slower.
	if took := time.Since(last); took > time.Minute && !underRace {
		s.fail("the last case completed %v after the last start", took)
	}
	s.reported()
	s.invariants(input)
}
