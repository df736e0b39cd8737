package virtual

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/invariants"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// JetStream is the event bus of a simulated world: a stream for each producer, and
// for each service that listens to it a place up to which it has taken, as
// JetStream keeps them. It passes the contract of the real one.
type JetStream struct {
	Clock clock.Clock
	// Wait leaves the caller of a fetch waiting that finds nothing, until a time,
	// and gives what ends the wait. Nil: it does not wait.
	Wait func(until time.Time) (wake func())
	// Fail, when given, is asked before each question to the bus and after each
	// answer, and an error is what the caller gets instead.
	Fail func(what string, before bool) error
	// Tell, when given, is told of each message that comes on a stream.
	Tell func(subject string, sequence uint64)

	streams map[string]*stream
}

const (
	// knows is how long a stream knows the ids that it has, and unacknowledged
	// after what time a message comes again that nobody answered for: as the
	// standard topology has them.
	knows          = 2 * time.Minute
	unacknowledged = 5 * time.Second
)

type stream struct {
	stored    []invariants.Streamed // in order of place
	next      uint64                // the place of the next
	ids       map[string]known
	listeners map[string]*listener
}

// known is an id that a stream has.
type known struct {
	place uint64
	at    time.Time
}

// listener is a durable consumer.
type listener struct {
	next    uint64              // the place of the next that it has not been given
	pending map[uint64]*pending // given, and not acknowledged
	wake    func()              // nil: nobody waits
}

type pending struct {
	due        time.Time // when it comes again
	deliveries uint64
}

func (j *JetStream) of(producer string) *stream {
	if j.streams == nil {
		j.streams = map[string]*stream{}
	}
	s := j.streams[producer]
	if s == nil {
		s = &stream{next: 1, ids: map[string]known{}, listeners: map[string]*listener{}}
		j.streams[producer] = s
	}
	return s
}

// Of is the bus as one service has it.
func (j *JetStream) Of(service string) service.Bus { return busOf{j, service} }

// busOf implements service.Bus.
type busOf struct {
	*JetStream
	service string
}

func (b busOf) Publisher(producer string) service.Publisher { return producing{b.JetStream, producer} }
func (b busOf) Consumer(producer string) events.Source {
	return consuming{b.JetStream, producer, b.service}
}
func (b busOf) Ready(context.Context) error { return b.fail("ready", true) }
func (busOf) Close()                        {}

func (j *JetStream) fail(what string, before bool) error {
	if j.Fail == nil {
		return nil
	}
	return j.Fail(what, before)
}

type producing struct {
	*JetStream
	producer string
}

// Publish implements events.Publisher.
func (p producing) Publish(_ context.Context, subject, id string, payload []byte, after uint64) (uint64, error) {
	if err := p.fail("publish", true); err != nil {
		return 0, err
	}
	place, err := p.put(subject, id, payload, after)
	if err != nil {
		return 0, err
	}
	return place, p.fail("publish", false)
}

func (p producing) put(subject, id string, payload []byte, after uint64) (uint64, error) {
	s := p.of(p.producer)
	if have, ok := s.ids[id]; ok && p.Clock.Now().Sub(have.at) < knows {
		one := s.at(have.place)
		if one.Subject != subject || !bytes.Equal(one.Data, payload) {
			return 0, fault.Wrap(eventbus.ErrHashMismatch, fault.Conflict, "eventbus.hash-mismatch",
				"the stream holds another payload under the id of event %s", id)
		}
		return have.place, nil
	}
	if after != eventbus.Anywhere && s.last(subject).Sequence != after {
		return 0, fault.Wrap(eventbus.ErrNotNext, fault.Conflict, "eventbus.not-next", "event %s is not the next on its subject", id)
	}
	return p.append(p.producer, subject, id, payload), nil
}

// append puts a message at the end of a stream, whoever it is of.
func (j *JetStream) append(producer, subject, id string, payload []byte) uint64 {
	s := j.of(producer)
	place := s.next
	s.next++
	s.stored = append(s.stored, invariants.Streamed{Stored: eventbus.Stored{Subject: subject, Sequence: place, Data: bytes.Clone(payload)}, ID: id})
	s.ids[id] = known{place, j.Clock.Now()}
	if j.Tell != nil {
		j.Tell(subject, place)
	}
	for _, l := range s.listeners {
		l.awake()
	}
	return place
}

func (l *listener) awake() {
	if l.wake != nil {
		l.wake()
	}
	l.wake = nil
}

// at is the message at a place, the zero value when there is none.
func (s *stream) at(place uint64) eventbus.Stored {
	i, found := slices.BinarySearchFunc(s.stored, place, func(m invariants.Streamed, place uint64) int {
		return int(int64(m.Sequence) - int64(place))
	})
	if !found {
		return eventbus.Stored{}
	}
	return s.stored[i].Stored
}

// last is the last message on a subject.
func (s *stream) last(subject string) eventbus.Stored {
	for _, m := range slices.Backward(s.stored) {
		if m.Subject == subject {
			return m.Stored
		}
	}
	return eventbus.Stored{}
}

// Last implements events.Publisher.
func (p producing) Last(_ context.Context, subject string) (eventbus.Stored, error) {
	if err := p.fail("read", true); err != nil {
		return eventbus.Stored{}, err
	}
	return p.of(p.producer).last(subject), nil
}

// At implements events.Publisher.
func (p producing) At(_ context.Context, place uint64) (eventbus.Stored, error) {
	if err := p.fail("read", true); err != nil {
		return eventbus.Stored{}, err
	}
	return p.of(p.producer).at(place), nil
}

// Fill implements service.Publisher.
func (p producing) Fill(context.Context) (used, most uint64, err error) {
	for _, m := range p.of(p.producer).stored {
		used += uint64(len(m.Data) + len(m.Subject))
	}
	return used, uint64(eventbus.Standard(1).MaxBytes), p.fail("read", true)
}

type consuming struct {
	*JetStream
	producer, service string
}

// Fetch implements events.Source.
func (c consuming) Fetch(ctx context.Context, most int, wait time.Duration) ([]eventbus.Msg, error) {
	if most < 1 {
		return nil, nil
	}
	if err := c.fail("fetch", true); err != nil {
		return nil, err
	}
	s := c.of(c.producer)
	l := s.listeners[c.service]
	if l == nil {
		l = &listener{next: 1, pending: map[uint64]*pending{}}
		s.listeners[c.service] = l
	}
	now := c.Clock.Now()
	var given []eventbus.Msg
	for _, m := range s.stored { // what comes again comes before what is new
		if p := l.pending[m.Sequence]; p != nil && !p.due.After(now) && len(given) < most {
			given = append(given, c.give(l, m.Stored, p, now))
		}
	}
	for _, m := range s.stored {
		if m.Sequence >= l.next && len(given) < most {
			l.next = m.Sequence + 1
			p := &pending{}
			l.pending[m.Sequence] = p
			given = append(given, c.give(l, m.Stored, p, now))
		}
	}
	if len(given) == 0 && wait > 0 && c.Wait != nil {
		until := now.Add(wait)
		for _, p := range l.pending {
			if p.due.Before(until) {
				until = p.due
			}
		}
		l.wake = c.Wait(until)
	}
	return given, ctx.Err()
}

// give hands a message over, until its answer comes.
func (c consuming) give(l *listener, m eventbus.Stored, p *pending, now time.Time) eventbus.Msg {
	p.due = now.Add(unacknowledged)
	p.deliveries++
	return eventbus.Msg{
		Data: bytes.Clone(m.Data), Subject: m.Subject, StreamSeq: m.Sequence, Deliveries: p.deliveries,
		Ack: func() error {
			if err := c.fail("acknowledge", true); err != nil {
				return err
			}
			if l.pending[m.Sequence] == p {
				delete(l.pending, m.Sequence)
			}
			return nil
		},
		Nak: func(delay time.Duration) error {
			if err := c.fail("acknowledge", true); err != nil {
				return err
			}
			if l.pending[m.Sequence] == p {
				p.due = c.Clock.Now().Add(max(delay, 0))
			}
			return nil
		},
	}
}

// Stored is everything on a producer's stream, oldest first.
func (j *JetStream) Stored(producer string) []invariants.Streamed {
	return slices.Clone(j.of(producer).stored)
}

// lose takes everything from a stream from a place on, and what it knew, as a
// server that was restored from a copy: 1 is a stream made anew.
func (j *JetStream) lose(producer string, from uint64) int {
	s := j.of(producer)
	kept := 0
	for kept < len(s.stored) && s.stored[kept].Sequence < from {
		kept++
	}
	lost := len(s.stored) - kept
	s.stored = slices.Clip(s.stored[:kept])
	s.next = min(s.next, from)
	s.ids = map[string]known{}
	for _, l := range s.listeners {
		l.next = min(l.next, from)
		for place := range l.pending {
			if place >= from {
				delete(l.pending, place)
			}
		}
		l.awake()
	}
	return lost
}

// unreachable is what a caller of a bus gets that does not answer.
func unreachable(what string) error {
	return fault.Wrap(fmt.Errorf("simulated"), fault.Unavailable, "eventbus.unreachable", "%s: the event bus did not answer", what)
}
