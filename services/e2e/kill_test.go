package e2e

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite" // reads the databases that a killed service leaves

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
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

// killing is what makes a kill count: before it the service must look busy,
// and after it the database that it left must prove that it was.
type killing struct {
	victim string
	busy   func() bool
	proof  func() bool
}

func (s *stack) killings() []killing {
	var all []killing
	for _, victim := range []string{"issuer", "wallet", "verifier", "police", "tax", "bank"} {
		busy := func() bool { return s.unfinished(victim) > 0 }
		all = append(all, killing{victim, busy, busy})
	}
	for _, victim := range []string{"registry", "nats"} {
		busy := func() bool { return s.begun()-s.ended() >= 10 }
		all = append(all, killing{victim, busy, busy})
	}
	return all
}

// Each service and NATS, killed three times while it provably holds something
// unfinished, and started again: all fifty cases complete within a minute of
// the last start, and every invariant holds.
func TestFiftyCasesSurviveThreeKillsOfEachService(t *testing.T) {
	const persons, kills = 50, 3
	for i, name := range []string{"issuer", "wallet", "verifier", "police", "tax", "bank", "registry", "nats"} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			s := newStack(t, devsetup.Pilot(), devsetup.Services()...)
			k := s.killings()[i]
			input := people(t, seed+uint64(i), persons)
			wait := s.cases(input, 16)
			var last time.Time
			for n := 0; n < kills; {
				// The next kill comes when a seeded number of cases has begun,
				// in the first half of the run for the first, and so on.
				after := 1 + n*10 + random.IntN(10)
				s.until(fmt.Sprintf("%d cases have begun", after), func() bool { return s.begun() >= after })
				s.until(name+" is busy", k.busy)
				s.kill(name)
				if k.proof() {
					n++
				}
				s.start(name)
				last = time.Now()
				if name != "nats" {
					s.ready(name)
				}
			}
			s.completed(wait(), persons)
			if took := time.Since(last); took > time.Minute {
				s.fail("the last case completed %v after the last start", took)
			}
			s.invariants(input)
		})
	}
}
