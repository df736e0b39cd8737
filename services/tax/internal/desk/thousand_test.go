package desk_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
)

// A thousand cases of people of one birth date, their events shuffled among each
// other and repeated, the steps taken now and then: everybody who was granted and
// identified has one current number, nobody else has one, and no number was ever
// used twice, those that were replaced included.
func TestNoNumberIsUsedTwiceInAThousandCases(t *testing.T) {
	if testing.Short() {
		t.Skip("a thousand cases")
	}
	const cases = 1000
	x := open(t)
	random := rand.New(rand.NewPCG(2026, 2032))
	// Every third permit is short until the case is corrected, which makes its
	// worker resident.
	prolonged := map[string]bool{}
	x.spoil = func(v *onboarding.View) {
		var n int
		_, _ = fmt.Sscanf(v.CaseRef, "case_%d", &n)
		if n%3 == 0 && !prolonged[v.CaseRef] {
			v.Permit.ValidUntil = v.Permit.ValidFrom.AddDate(0, 4, 0)
		}
	}
	type told struct {
		producer, name string
		data           map[string]any
	}
	left, may := map[string][]told{}, map[string]bool{}
	for n := range cases {
		ref := fmt.Sprintf("case_%d", n)
		granted := n%10 != 9
		outcome := "REFUSED"
		if granted {
			outcome = "GRANTED"
		}
		left[ref] = []told{{"verifier", "decision.made", map[string]any{"outcome": outcome}}}
		if n%4 == 1 {
			left[ref] = append(left[ref], told{"verifier", "case.halted", withdrawn}, told{"verifier", "case.resumed", nil})
		}
		if n%6 == 0 {
			left[ref] = append(left[ref], told{"verifier", "case.corrected", nil})
		}
		at := random.IntN(len(left[ref]) + 1)
		left[ref] = append(left[ref][:at:at], append([]told{{"police", "identity.verified", verified}}, left[ref][at:]...)...)
		may[ref] = granted
	}
	refs := make([]string, 0, cases)
	for ref := range left {
		refs = append(refs, ref)
	}
	handlers := inbox.Handlers(x.Desk)
	for len(refs) > 0 {
		type arrival struct {
			handler events.Handler
			event   *eventbus.Event
		}
		var arrivals []arrival
		for range 25 {
			if len(refs) == 0 {
				break
			}
			i := random.IntN(len(refs))
			ref := refs[i]
			e := left[ref][0]
			if e.name == "case.corrected" {
				prolonged[ref] = true
			}
			one := arrival{handlers[e.producer][e.name], &eventbus.Event{Type: eventbus.TypeOf(e.name), Case: ref, Data: e.data}}
			for range 1 + random.IntN(2) {
				arrivals = append(arrivals, one)
			}
			if left[ref] = left[ref][1:]; len(left[ref]) == 0 {
				refs[i] = refs[len(refs)-1]
				refs = refs[:len(refs)-1]
			}
		}
		err := x.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
			for _, a := range arrivals {
				if err := a.handler(t.Context(), tx, a.event); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []func() (bool, error){
			func() (bool, error) { return x.Cases.Step(t.Context()) },
			func() (bool, error) { return x.SendStep(t.Context()) },
			func() (bool, error) { return x.ReadStep(t.Context()) },
		} {
			if random.IntN(3) == 0 {
				continue
			}
			if _, err := step(); err != nil {
				t.Fatal(err)
			}
		}
		x.Clock.Pass(time.Second)
	}
	x.work(t)

	owner, replaced := map[string]string{}, 0
	for ref, granted := range may {
		line := x.line(t, ref)
		current, numbered := line.Registration.Current()
		if numbered != granted {
			t.Fatalf("%s: granted %v, a number %v: %+v", ref, granted, numbered, line)
		}
		if !numbered {
			continue
		}
		replaced += len(line.Registration.Former())
		for _, n := range append(line.Registration.Former(), current) {
			if other, taken := owner[n.Number]; taken {
				t.Fatalf("%s has a number of %s", ref, other)
			}
			owner[n.Number] = ref
		}
	}
	if len(owner) != 900+replaced || replaced < 20 {
		t.Errorf("%d numbers, %d of them replaced", len(owner), replaced)
	}
}
