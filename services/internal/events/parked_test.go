package events_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// failing makes the consumer's handler fail for a while.
func failing(s *side, why func() error) {
	s.inbox.Handlers["decision.made"] = func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
		if err := why(); err != nil {
			return err
		}
		return act(ctx, tx, event)
	}
}

func (s *side) parked(t testing.TB) string {
	t.Helper()
	all, err := events.ListParked(t.Context(), s.db.Read())
	check(t, err)
	var lines []string
	for _, p := range all {
		lines = append(lines, fmt.Sprintf("%s %d %s %s", p.Case, p.Sequence, p.State, p.Reason))
	}
	return strings.Join(lines, ", ")
}

// Later events of a case wait behind a parked one, off the stream; other cases
// go on; released, all act in order.
func TestParkedEventIsReleasedAndItsCaseGoesOnInOrder(t *testing.T) {
	s := open(t, newStream())
	broken := fault.New(fault.Invalid, "event.data", "cannot be read")
	failing(s, func() error { return broken })
	s.stream.put(message(t, made("1", "c", 1, "a")))
	s.take(t)
	failing(s, func() error { return nil })
	s.stream.put(message(t, made("3", "c", 3, "c")), message(t, made("2", "c", 2, "b")), message(t, made("4", "d", 1, "x")))
	s.take(t)
	same(t, "parked", s.parked(t), "c 1 parked event.data, c 3 waiting , c 2 waiting ")
	same(t, "other case", s.acted(t, "d"), "x")
	same(t, "acted", s.acted(t, "c"), "")
	if left := s.stream.left(); left != 0 {
		t.Errorf("%d are still offered again and again", left)
	}
	if n, err := events.Retry(t.Context(), s.db, "unknown"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := events.Retry(t.Context(), s.db, "1"); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "a b c")
	same(t, "parked", s.parked(t), "")
	s.stream.put(message(t, made("1", "c", 1, "a")), message(t, made("2", "c", 2, "b")))
	s.take(t)
	same(t, "acted again", s.acted(t, "c"), "a b c")
}

// What could not be read is, once the program knows how; what was forged is not.
func TestEventOfALaterVersionIsTakenAfterTheUpgrade(t *testing.T) {
	s := open(t, newStream())
	early, forged := message(t, made("1", "c", 1, "a")), message(t, made("2", "c", 2, "b"))
	forged.Subject = "ks.verifier.other"
	s.stream.put(forged)
	s.take(t)
	check(t, s.db.Tx(t.Context(), func(tx *sqldb.Tx) error { // as take leaves what it cannot read
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO event_inbox (producer, id, hash, case_ref, sequence, type, payload, received_at, state, reason)
			VALUES ($1, $2, $2, '', 0, 'unreadable', $3, 1, 'parked', 'event.version')`, producer, eventbus.Hash(early.Data), early.Data)
		return err
	}))
	if n, err := events.Retry(t.Context(), s.db, ""); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "a")
	same(t, "row", s.list(t, `SELECT id || ' ' || case_ref || ' ' || state FROM event_inbox WHERE state <> 'parked'`), "1 c done")
	s.stream.put(early)
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "a")
	same(t, "parked", s.parked(t), " 0 parked event.subject-is-not-case")
}

// What still cannot act is parked again, with today's reason, and nothing of its
// case has moved.
func TestReleasedEventThatStillFailsIsParkedAgain(t *testing.T) {
	s := open(t, newStream())
	why := fault.New(fault.Invalid, "event.data", "cannot be read")
	failing(s, func() error { return why })
	s.stream.put(message(t, made("1", "c", 1, "a")))
	s.take(t)
	why = fault.New(fault.Denied, "event.other", "nor now")
	_, err := events.Retry(t.Context(), s.db, "")
	check(t, err)
	s.take(t)
	same(t, "parked", s.parked(t), "c 1 parked event.other")
}

// An event that fails without saying that it always will is tried again, and
// not for ever: nobody would see it.
func TestEventThatFailsTooOftenIsParked(t *testing.T) {
	s := open(t, newStream())
	boom, failures := errors.New("boom"), 0
	failing(s, func() error { failures++; return boom })
	s.stream.put(message(t, made("1", "c", 1, "a")))
	for range 19 {
		_, err := s.inbox.Step(t.Context())
		check(t, err)
	}
	same(t, "parked", s.parked(t), "")
	_, err := s.inbox.Step(t.Context())
	check(t, err)
	same(t, "parked", s.parked(t), "c 1 parked event.failed-too-often")
	if failures != 20 && failures != 40 { // a rehearsal doubles them
		t.Errorf("%d tries", failures)
	}
}

// Another service's absence is nobody's poison.
func TestEventThatWaitsForAnotherServiceIsNeverParked(t *testing.T) {
	s := open(t, newStream())
	away := true
	failing(s, func() error {
		if away {
			return fault.New(fault.Unavailable, "rpc.unreachable", "down")
		}
		return nil
	})
	s.stream.put(message(t, made("1", "c", 1, "a")))
	for range 50 {
		_, err := s.inbox.Step(t.Context())
		check(t, err)
	}
	away = false
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "a")
}

// reconciler compares the side's outbox with its stream, a day's worth.
func (s *side) reconcile(t testing.TB) {
	t.Helper()
	s.relay.Clock.(*testkit.Clock).Pass(time.Minute)
	r := &events.Reconciler{DB: s.db, Producer: producer, From: s.stream, Clock: s.relay.Clock, Log: s.relay.Log, MaxAge: 24 * time.Hour, Bell: s.outbox.Bell}
	for range 10 {
		busy, err := r.Step(t.Context())
		check(t, err)
		if !busy {
			s.publish(t)
			return
		}
	}
	t.Fatal("the round does not end")
}

// What the stream has lost, wholly or in part, comes from the database, and acts
// once.
func TestWhatTheStreamHasLostIsPublishedAgain(t *testing.T) {
	for name, lose := range map[string]func(*stream){
		"nothing":         func(*stream) {},
		"everything":      func(s *stream) { s.forget(); s.sequence = 0 },
		"the last of two": func(s *stream) { s.all = s.all[:1] },
		"the first of two, its place was given again": func(s *stream) {
			s.all[0].Data = []byte("another")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, consumer := open(t, newStream()), (*side)(nil)
			s.happens(t, "c", "a")
			s.happens(t, "c", "b")
			s.publish(t)
			consumer = open(t, s.stream)
			if name != "everything" {
				consumer.take(t)
			}
			lose(s.stream)
			clear(s.stream.byID)
			s.reconcile(t)
			s.happens(t, "c", "c")
			s.publish(t)
			consumer.take(t)
			same(t, "acted", consumer.acted(t, "c"), "a b c")
			same(t, "states", s.list(t, `SELECT state FROM event_outbox WHERE state NOT IN ('published', 'alarmed')`), "")
			again := len(s.stream.published) - 3
			if (name == "nothing") != (again == 0) || (name != "nothing") != strings.Contains(s.alarms.String(), "ALARM") {
				t.Errorf("%d published again\n%s", again, s.alarms)
			}
			s.reconcile(t)
			if more := len(s.stream.published) - 3 - again; more != 0 {
				t.Errorf("%d are published again in every round", more)
			}
		})
	}
}

// A consumer that acknowledged before it committed has lost an event, and no
// stream offers it again. The two databases know.
func TestWhatAConsumerHasLostIsPublishedAgain(t *testing.T) {
	s := open(t, newStream())
	s.happens(t, "c", "a")
	s.happens(t, "c", "b")
	s.publish(t)
	consumer := open(t, s.stream)
	s.stream.waiting = s.stream.waiting[1:] // acknowledged, and never taken
	consumer.take(t)
	same(t, "acted", consumer.acted(t, "c"), "")
	missing, err := events.NotTaken(t.Context(), producer, s.db.Read(), consumer.db.Read(), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	check(t, err)
	if len(missing) != 2 {
		t.Fatalf("%d missing", len(missing)) // the second was never taken either: it waits for the first
	}
	check(t, events.Missed(t.Context(), s.db, missing))
	s.publish(t)
	consumer.take(t)
	same(t, "acted", consumer.acted(t, "c"), "a b")
	missing, err = events.NotTaken(t.Context(), producer, s.db.Read(), consumer.db.Read(), time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	if len(missing) != 0 || err != nil {
		t.Errorf("%v, %v", missing, err)
	}
}

// Between whole rounds a look at three events finds a stream that was made anew,
// also when new events have come since, and costs nothing while all is well.
func TestStreamThatWasMadeAnewIsNoticedSoon(t *testing.T) {
	s := open(t, newStream())
	clk := s.relay.Clock.(*testkit.Clock)
	r := &events.Reconciler{DB: s.db, Producer: producer, From: s.stream, Clock: clk, Log: s.relay.Log, MaxAge: 24 * time.Hour, Bell: s.outbox.Bell}
	look := func() {
		t.Helper()
		clk.Pass(20 * time.Second)
		for busy := true; busy; {
			var err error
			busy, err = r.Step(t.Context())
			check(t, err)
		}
		s.publish(t)
	}
	for _, text := range []string{"a", "b", "c"} {
		s.happens(t, "c", text)
	}
	look() // the first round, before anything has left
	s.publish(t)
	look()
	asked := s.stream.asked
	look()
	if n := s.stream.asked - asked; n > 3 {
		t.Errorf("%d events are looked at while all is well", n)
	}
	s.stream.forget()
	s.stream.sequence = 0
	for _, text := range []string{"d", "e", "f", "g", "h"} {
		s.happens(t, "c", text)
	}
	s.publish(t)
	look()
	consumer := open(t, s.stream)
	consumer.take(t)
	same(t, "acted", consumer.acted(t, "c"), "a b c d e f g h")
	look()
	if n := len(s.stream.published); n != 3+5+3 {
		t.Errorf("%d were published in all", n)
	}
}

// A stream that has lost its end gives the lost events' places to new ones: those
// it lost are published again at once, and not only when all is compared.
func TestEventWhosePlaceIsGivenToAnotherIsPublishedAgain(t *testing.T) {
	s := open(t, newStream())
	for _, caseRef := range []string{"c1", "c2", "c3"} {
		s.happens(t, caseRef, "a")
	}
	s.publish(t)
	s.stream.all = s.stream.all[:1] // a file of messages was damaged
	s.stream.sequence = 1
	clear(s.stream.byID)
	for _, caseRef := range []string{"c4", "c5"} {
		s.happens(t, caseRef, "a")
	}
	s.publish(t)
	consumer := open(t, s.stream)
	s.stream.waiting = slices.Clone(s.stream.all) // what the consumer has not got yet
	consumer.take(t)
	for _, caseRef := range []string{"c1", "c2", "c3", "c4", "c5"} {
		same(t, caseRef, consumer.acted(t, caseRef), "a")
	}
	same(t, "states", s.list(t, `SELECT DISTINCT state FROM event_outbox`), "published")
	if !strings.Contains(s.alarms.String(), "ALARM") {
		t.Error("nobody was told")
	}
}

// What was published just before the stream was made anew is too young to be
// compared in the round that notices it, and is not forgotten for that.
func TestWhatWasTooYoungForARoundIsComparedAfterIt(t *testing.T) {
	s := open(t, newStream())
	clk := s.relay.Clock.(*testkit.Clock)
	r := &events.Reconciler{DB: s.db, Producer: producer, From: s.stream, Clock: clk, Log: s.relay.Log, MaxAge: 24 * time.Hour, Bell: s.outbox.Bell}
	look := func(later time.Duration) {
		t.Helper()
		clk.Pass(later)
		for busy := true; busy; {
			var err error
			busy, err = r.Step(t.Context())
			check(t, err)
		}
		s.publish(t)
	}
	var want []string
	happen := func(from, to int) {
		for i := from; i < to; i++ {
			want = append(want, fmt.Sprintf("c%02d", i))
			s.happens(t, want[len(want)-1], "a")
		}
		s.publish(t)
	}
	s.stream.sequence = 100 // places that the new stream will not come to
	look(0)
	happen(0, 10)
	look(20 * time.Second)
	happen(10, 12) // the last on the stream
	s.stream.forget()
	s.stream.sequence = 0
	happen(12, 13) // the first on the new one
	look(time.Second)
	look(20 * time.Second)
	consumer := open(t, s.stream)
	consumer.take(t)
	for _, caseRef := range want {
		same(t, caseRef, consumer.acted(t, caseRef), "a")
	}
}
