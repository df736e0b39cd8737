package events_test

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

// Whatever the stream loses, doubles or reorders, and wherever a side stops
// and starts again: each event acts exactly once, those of a case in order.
func TestEachEventActsOnceAndInOrder(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		check(t, f.Value.Set("40")) // each writes to disk
	}
	s := newStream()
	sender, receiver := open(t, s), open(t, s)
	t.Cleanup(func() { crash.Arm("", 0, nil) })
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		want := map[string][]string{}
		for i, action := range rapid.SliceOfN(rapid.IntRange(0, 9), 1, 20).Draw(rt, "actions") {
			caseRef := fmt.Sprintf("case_%d_%d", round, action%2)
			switch action {
			case 0, 1, 2, 3:
				before := sender.events(t)
				survive(func(context.Context) (bool, error) {
					sender.happens(t, caseRef, fmt.Sprint(i))
					return true, nil
				})
				if sender.events(t) > before { // it was committed, even when the sender died of it
					want[caseRef] = append(want[caseRef], fmt.Sprint(i))
				}
			case 4:
				survive(sender.relay.Step)
			case 5:
				survive(receiver.inbox.Step)
			case 6: // everything that was ever published comes again
				s.replay()
			case 7:
				s.waiting = rapid.Permutation(s.waiting).Draw(rt, "reordered")
			case 8:
				fates := rapid.SliceOfN(rapid.IntRange(0, 2), 1, 4).Draw(rt, "fates")
				s.fail = func() (bool, error) {
					if len(fates) == 0 || fates[0] == 0 {
						fates = fates[min(1, len(fates)):]
						return true, nil
					}
					stored := fates[0] == 1
					fates = fates[1:]
					return stored, fault.New(fault.Unavailable, "eventbus.unavailable", "no answer")
				}
			case 9:
				point := rapid.SampledFrom([]crash.Point{
					crash.BeforeAppendCommit, crash.AfterAppendCommit, crash.BeforePublish, crash.AfterPublish, crash.BeforeConsumeCommit, crash.AfterConsumeCommit,
				}).Draw(rt, "dies at")
				crash.Arm(point, rapid.IntRange(1, 3).Draw(rt, "nth"), func() { panic("killed") })
			}
		}
		crash.Arm("", 0, nil)
		s.fail = nil
		sender.publish(t)
		s.replay()
		s.waiting = rapid.Permutation(s.waiting).Draw(rt, "reordered at last")
		for range 100 {
			if s.left() == 0 {
				break
			}
			survive(receiver.inbox.Step)
		}
		for caseRef, texts := range want {
			if got := receiver.acted(t, caseRef); got != strings.Join(texts, " ") {
				rt.Fatalf("%s: acted %q, want %q", caseRef, got, strings.Join(texts, " "))
			}
		}
		if left := sender.list(t, `SELECT COUNT(*) FROM event_outbox WHERE state <> 'published'`) +
			receiver.list(t, `SELECT COUNT(*) FROM event_inbox WHERE state <> 'done'`); left != "00" {
			rt.Fatalf("left over or parked: %s", left)
		}
		s.forget()
	})
}

// survive does a step of a process that may die in it: what it had fetched
// and not acknowledged comes again.
func survive(step func(context.Context) (bool, error)) {
	defer func() { _ = recover() }()
	_, _ = step(runner.OneAtATime(context.Background())) // dies in this goroutine
}

// events is how many have happened.
func (s *side) events(t testing.TB) (n int) {
	t.Helper()
	check(t, s.db.Read().QueryRowContext(context.Background(), `SELECT COUNT(*) FROM event_outbox`).Scan(&n))
	return n
}

// replay brings everything published again, as after a crash of a consumer.
func (s *stream) replay() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, s.all...)
}

// forget drops what all have taken.
func (s *stream) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID, s.all, s.waiting = map[string]eventbus.Msg{}, nil, nil
}
