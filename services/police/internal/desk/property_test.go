package desk_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
)

// Whatever events come, in whatever order and however often, and whatever an
// officer or the worker does in between: a case that was never granted has
// nothing, no case is attended twice (I1), what does not stand has nothing to
// come, no slot takes more than it has, and a repetition says nothing.
func TestCasesKeepTheirPromisesOnTheStore(test *testing.T) {
	p := open(test)
	runs := 0
	rapid.Check(test, func(t *rapid.T) {
		runs++
		m := &model{T: t, test: test, p: p, ref: fmt.Sprintf("case_%d", runs)}
		event := func(kind string, data map[string]any) func(*rapid.T) {
			return func(t *rapid.T) {
				for range rapid.IntRange(1, 2).Draw(t, "times") {
					p.take(test, m.ref, kind, data)
				}
				if kind == "decision.made" && data["outcome"] == "GRANTED" {
					m.granted = true
				}
				if rapid.Bool().Draw(t, "acted on") {
					p.steps(test)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"granted":   event("decision.made", map[string]any{"outcome": "GRANTED"}),
			"refused":   event("decision.made", map[string]any{"outcome": "REFUSED"}),
			"halted":    event("case.halted", map[string]any{"cause": "EMPLOYER_SUSPENDED"}),
			"resumed":   event("case.resumed", map[string]any{"cause": "OFFICER"}),
			"corrected": event("case.corrected", map[string]any{"fields": []any{"given_name"}}),
			"revoked": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "seldom") == 0 {
					event("permit.revoked", map[string]any{"cause": "PERMIT_REVOKED"})(t)
				}
			},
			"time": func(t *rapid.T) { p.Clock.Pass(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour) },
			"attend": func(t *rapid.T) {
				in := desk.Attendance{Which: desk.Which{CaseRef: m.ref}, Officer: "o", Confirmed: rapid.IntRange(0, 3).Draw(t, "recognised") > 0}
				if in.Confirmed {
					in.Taken = desk.Taken{Fingerprints: rapid.Bool().Draw(t, "fingerprints"), Photo: true, Signature: true}
				}
				_, err := p.RecordAttendance(context.Background(), in)
				m.only(err)
			},
			"biometrics": func(*rapid.T) {
				_, err := p.RecordBiometrics(context.Background(), desk.Which{CaseRef: m.ref}, all)
				m.only(err)
			},
			"no-show": func(*rapid.T) {
				if last := p.visits(test, m.ref).Last(); last != nil {
					_, err := p.RecordNoShow(context.Background(), desk.Which{AppointmentID: last.ID()}, "o")
					m.only(err)
				}
			},
			"rebook": func(*rapid.T) {
				_, err := p.Rebook(context.Background(), desk.Rebooking{Which: desk.Which{CaseRef: m.ref}, By: appointment.ByOfficer})
				m.only(err)
			},
			"produce": func(*rapid.T) { _, err := p.RecordCardProduced(context.Background(), m.ref); m.only(err) },
			"deliver": func(*rapid.T) { _, err := p.RecordCardDelivered(context.Background(), m.ref); m.only(err) },
			"":        func(*rapid.T) { m.holds() },
		})
		p.steps(test)
		m.settled()
	})
	if n := p.number(test, `SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM appointment WHERE state IN ('BOOKED', 'ATTENDED', 'NOT_CONFIRMED', 'MISSED') GROUP BY office_id, start_at) AS slots`); n > 2 {
		test.Errorf("a slot for 2 took %d", n)
	}
}

type model struct {
	*rapid.T
	test    *testing.T // what holds the database
	p       *police
	ref     string
	granted bool
}

// only lets refusals pass: nothing else may go wrong.
func (m *model) only(err error) {
	if kind := fault.KindOf(err); err != nil && kind != fault.Conflict && kind != fault.NotFound {
		m.Fatal(err)
	}
}

func (m *model) told(kind string) int {
	return m.p.number(m.test, `SELECT COUNT(*) FROM event_outbox WHERE case_ref = $1 AND type = $2`, m.ref, "no.kompetansespor."+kind+".v1")
}

// holds is what is true at any time.
func (m *model) holds() {
	visits := m.p.visits(m.test, m.ref)
	open, attended := 0, 0
	for _, a := range visits {
		switch a.State() {
		case appointment.Booked:
			open++
		case appointment.Attended:
			attended++
		}
	}
	if open+attended > 1 || m.told("appointment.attended") != attended || m.told("identity.verified") != attended {
		m.Fatalf("%d to come, %d attended, told %d times", open, attended, m.told("appointment.attended"))
	}
	if m.told("residencecard.ordered") > 1 || m.told("biometrics.captured") > 1 || m.told("residencecard.produced") > 1 || m.told("residencecard.delivered") > 1 {
		m.Fatal("a card is ordered, produced or delivered twice")
	}
	if !m.granted && (len(visits) > 0 || m.p.number(m.test, `SELECT COUNT(*) FROM event_outbox WHERE case_ref = $1`, m.ref) > 0 ||
		m.p.number(m.test, `SELECT COUNT(*) FROM issuance WHERE reference = $1`, m.ref) > 0) {
		m.Fatal("a case that was never granted has something")
	}
	if attended == 0 && m.p.number(m.test, `SELECT COUNT(*) FROM residence_card WHERE case_ref = $1`, m.ref) > 0 {
		m.Fatal("a card without a visit")
	}
}

// settled is what is true when everything was acted on.
func (m *model) settled() {
	m.holds()
	if !m.granted {
		return
	}
	known, err := m.p.Cases.Find(context.Background(), m.p.DB.Read(), m.ref)
	if err != nil {
		m.Fatal(err)
	}
	if known.State == onboarding.Ignored || known.State == onboarding.Failed { // refused before the grant came
		m.Fatalf("%+v", known)
	}
	visits := m.p.visits(m.test, m.ref)
	credentials := m.p.Credentials(m.test, m.ref)
	stands := func(kind string) bool {
		return slices.ContainsFunc(credentials, func(c string) bool { return strings.HasPrefix(c, kind+" ") && !strings.HasSuffix(c, "withdrawn") })
	}
	carded := m.p.number(m.test, `SELECT COUNT(*) FROM residence_card WHERE case_ref = $1`, m.ref) == 1
	switch known.Standing {
	case onboarding.Active:
		_, due := visits.Due(m.p.Policies.At(m.p.Clock.Now()))
		if due || carded != stands("ResidenceCard") || visits.Open() != nil && !stands("Appointment") {
			m.Fatalf("work is left: %v %v", due, credentials)
		}
	case onboarding.Halted:
		if visits.Open() != nil || carded != stands("ResidenceCard") || visits.Last() != nil && visits.Last().State() == appointment.Cancelled && stands("Appointment") {
			m.Fatalf("halted: %v", credentials)
		}
	case onboarding.Revoked:
		if visits.Open() != nil || stands("ResidenceCard") || stands("Appointment") {
			m.Fatalf("revoked: %v", credentials)
		}
	}
	if replaced := m.told("residencecard.issued") - 1; carded && replaced > int(known.Edition)-1 {
		m.Fatalf("the card was replaced %d times in edition %d", replaced, known.Edition)
	}
	// Once more the same: nothing happens.
	before := m.p.Events(m.test, m.ref)
	cause := map[string]any{"cause": "EMPLOYER_SUSPENDED"}
	again := map[onboarding.Standing]string{onboarding.Active: "case.resumed", onboarding.Halted: "case.halted", onboarding.Revoked: "permit.revoked"}[known.Standing]
	m.p.take(m.test, m.ref, again, cause)
	m.p.take(m.test, m.ref, "decision.made", map[string]any{"outcome": "GRANTED"})
	m.p.steps(m.test)
	if after := m.p.Events(m.test, m.ref); len(after) != len(before) {
		m.Fatalf("a repetition said %v", after[len(before):])
	}
}
