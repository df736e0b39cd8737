package events_test

import (
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Two relays of one outbox, one of which was paused with what it had read, leave
// each event once and in order.
func TestRivalRelayChangesNothing(t *testing.T) {
	s := open(t, newStream())
	rival := *s.relay
	for _, text := range []string{"a", "b", "c"} {
		s.happens(t, "c", text)
	}
	s.stream.fail = func() (bool, error) {
		s.stream.fail = nil
		s.stream.mu.Unlock() // the other goes on while this one hangs
		defer s.stream.mu.Lock()
		for range 5 {
			_, err := rival.Step(t.Context())
			check(t, err)
		}
		return true, nil
	}
	s.publish(t)
	consumer := open(t, s.stream)
	consumer.take(t)
	same(t, "acted", consumer.acted(t, "c"), "a b c")
	same(t, "states", s.list(t, `SELECT DISTINCT state FROM event_outbox`), "published")
	if len(s.stream.published) != 3 || strings.Contains(s.alarms.String(), "ALARM") {
		t.Errorf("%d on the stream\n%s", len(s.stream.published), s.alarms)
	}
}

// The answer was lost, and by now the stream has forgotten the event's id.
func TestEventThatIsThereAlreadyIsNotPublishedAgain(t *testing.T) {
	s := open(t, newStream())
	s.happens(t, "c", "a")
	s.stream.fail = func() (bool, error) {
		return true, fault.New(fault.Unavailable, "eventbus.unavailable", "no answer")
	}
	if _, err := s.relay.Step(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	s.stream.fail = nil
	clear(s.stream.byID)
	s.publish(t)
	if len(s.stream.published) != 1 {
		t.Errorf("%d on the stream", len(s.stream.published))
	}
	same(t, "row", s.list(t, `SELECT state || ' ' || stream_sequence FROM event_outbox`), "published 1")
}

// Who has the producer's credentials can put something on a case's subject. It
// is noticed, and the case goes on.
func TestStrangersMessageOnACaseRaisesAnAlarm(t *testing.T) {
	s := open(t, newStream())
	s.happens(t, "c", "a")
	s.publish(t)
	_, err := s.stream.Publish(t.Context(), "ks.verifier.c", "anything", []byte("forged"), eventbus.Anywhere)
	check(t, err)
	s.happens(t, "c", "b")
	s.publish(t)
	same(t, "states", s.list(t, `SELECT state FROM event_outbox ORDER BY sequence`), "published alarmed")
	if !strings.Contains(s.alarms.String(), "ALARM: a message that is not ours") {
		t.Error(s.alarms)
	}
	consumer := open(t, s.stream)
	consumer.take(t)
	same(t, "acted", consumer.acted(t, "c"), "a b")
}

// A stream that was made anew, or has let old events go, holds nobody up.
func TestCaseGoesOnAfterItsEventsHaveLeftTheStream(t *testing.T) {
	s := open(t, newStream())
	s.happens(t, "c", "a")
	s.publish(t)
	s.stream.forget()
	s.happens(t, "c", "b")
	s.publish(t)
	same(t, "states", s.list(t, `SELECT DISTINCT state FROM event_outbox`), "published")
	if strings.Contains(s.alarms.String(), "ALARM") {
		t.Error(s.alarms)
	}
}
