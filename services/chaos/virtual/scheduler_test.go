package virtual

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestSchedulerDoesWhatIsDueAndWaitsForWhatIsNot(t *testing.T) {
	order := func(seed uint64) string {
		now := &Time{time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)}
		began := now.now
		s := &scheduler{time: now, random: rand.New(rand.NewPCG(seed, 1))}
		var did []string
		waiting := &task{name: "waiting"}
		waiting.step = func() time.Duration {
			did = append(did, "waits")
			s.sleep(now.now.Add(time.Hour))
			return time.Millisecond
		}
		s.add(waiting, now.now)
		for _, name := range []string{"x", "y", "z"} {
			s.add(&task{name: name, step: func() time.Duration {
				did = append(did, name)
				return 10 * time.Second
			}}, now.now)
		}
		s.after(25*time.Second, "wake", func() { s.wake(waiting) })
		s.run(t.Context(), func() bool { return now.now.Sub(began) > 26*time.Second }, began.Add(time.Hour))
		for _, name := range []string{"x", "y", "z"} {
			if n := strings.Count(strings.Join(did, ""), name); n < 3 || n > 4 { // the first after 26 s ends the run
				t.Errorf("seed %d: %s was done %d times in 26 s, want every 10 s", seed, name, n)
			}
		}
		if n := strings.Count(strings.Join(did, " "), "waits"); n != 2 {
			t.Errorf("seed %d: who sleeps for an hour and is woken once was called %d times", seed, n)
		}
		return strings.Join(did, " ")
	}
	if first, again := order(1), order(1); first != again {
		t.Error("one seed, two orders")
	}
	orders := map[string]bool{}
	for seed := range uint64(20) {
		orders[order(seed)] = true
	}
	if len(orders) < 5 {
		t.Errorf("20 seeds give %d orders", len(orders))
	}
}
