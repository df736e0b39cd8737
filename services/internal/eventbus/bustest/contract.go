// Package bustest is the contract of the event bus: what holds of NATS JetStream as
// the topology sets it up, and of whatever stands in its place in a simulated run.
package bustest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Publisher is the stream of a producer.
type Publisher interface {
	Publish(ctx context.Context, subject, id string, payload []byte, after uint64) (uint64, error)
	Last(ctx context.Context, subject string) (eventbus.Stored, error)
	At(ctx context.Context, sequence uint64) (eventbus.Stored, error)
	Fill(ctx context.Context) (used, most uint64, err error)
}

// Consumer takes a producer's events for a service.
type Consumer interface {
	Fetch(ctx context.Context, most int, wait time.Duration) ([]eventbus.Msg, error)
}

// Bus is an event bus of the standard topology, with nothing on it.
type Bus struct {
	Publisher func(producer string) Publisher
	Consumer  func(service, producer string) Consumer
	// Pass lets time go by where it does not do so by itself. Nil: it does.
	Pass func(time.Duration)
}

// Contract checks it. Open opens a bus for one test.
func Contract(t *testing.T, open func(t *testing.T) Bus) {
	for _, part := range []struct {
		name  string
		check func(c contract)
	}{
		{"every listener gets an event once and in order", contract.listeners},
		{"an event that is sent back comes again", contract.sentBack},
		{"an event that is sent back for later comes later", contract.sentBackForLater},
		{"an event without an answer comes again", contract.unanswered},
		{"publishing twice keeps one", contract.twice},
		{"another payload under an id is a mismatch", contract.mismatch},
		{"the same payload on another case is a mismatch", contract.otherCase},
		{"an event comes after the one that is named, or not at all", contract.fence},
		{"a stream tells how full it is", contract.fill},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.check(contract{t, open(t)})
		})
	}
}

type contract struct {
	*testing.T
	bus Bus
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func (c contract) within() context.Context { return within(c) }

func (c contract) must(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

func (c contract) publish(p Publisher, subject, id, payload string) uint64 {
	c.Helper()
	return Publish(c, p, subject, id, payload)
}

func (c contract) fetch(from Consumer, n int) []eventbus.Msg {
	c.Helper()
	return Fetch(c, from, n, c.bus.Pass)
}

// Publish puts a message on a stream, however long it takes to be there.
func Publish(t testing.TB, p Publisher, subject, id, payload string) uint64 {
	t.Helper()
	for ctx := within(t); ; {
		sequence, err := p.Publish(ctx, subject, id, []byte(payload), eventbus.Anywhere)
		if err == nil {
			return sequence
		}
		if fault.KindOf(err) != fault.Unavailable || ctx.Err() != nil {
			t.Fatalf("publish %s: %v", id, err)
		}
	}
}

// Fetch takes messages until there are n of them. Pass, when given, lets time go by
// between.
func Fetch(t testing.TB, from Consumer, n int, pass func(time.Duration)) (got []eventbus.Msg) {
	t.Helper()
	for ctx := within(t); len(got) < n; {
		msgs, err := from.Fetch(ctx, n-len(got), time.Second)
		if err != nil && fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		got = append(got, msgs...)
		if ctx.Err() != nil {
			t.Fatalf("got %d of %d messages", len(got), n)
		}
		if pass != nil && len(msgs) == 0 {
			pass(time.Second)
		}
	}
	return got
}

func (c contract) listeners() {
	verifier := c.bus.Publisher("verifier")
	for i := range 10 {
		c.publish(verifier, eventbus.Subject("verifier", "case-1"), fmt.Sprintf("e%d", i), fmt.Sprintf("payload %d", i))
	}
	for _, service := range []string{"police", "tax", "bank"} {
		consumer := c.bus.Consumer(service, "verifier")
		for i, msg := range c.fetch(consumer, 10) {
			if want := fmt.Sprintf("payload %d", i); string(msg.Data) != want || msg.Subject != "ks.verifier.case-1" || msg.StreamSeq != uint64(i+1) || msg.Deliveries != 1 {
				c.Fatalf("%s: message %d is %q on %s at %d, delivery %d", service, i, msg.Data, msg.Subject, msg.StreamSeq, msg.Deliveries)
			}
			c.must(msg.Ack())
		}
		msgs, err := consumer.Fetch(c.within(), 10, 0)
		if err != nil || len(msgs) != 0 {
			c.Fatalf("%s: after acknowledging: %d messages, %v", service, len(msgs), err)
		}
	}
}

func (c contract) sentBack() {
	c.publish(c.bus.Publisher("verifier"), "ks.verifier.c", "e1", "x")
	consumer := c.bus.Consumer("police", "verifier")
	c.must(c.fetch(consumer, 1)[0].Nak(0))
	if again := c.fetch(consumer, 1)[0]; again.Deliveries != 2 {
		c.Fatalf("delivery %d, want 2", again.Deliveries)
	}
}

func (c contract) sentBackForLater() {
	verifier, consumer := c.bus.Publisher("verifier"), c.bus.Consumer("police", "verifier")
	c.publish(verifier, "ks.verifier.a", "e1", "sent back")
	c.must(c.fetch(consumer, 1)[0].Nak(1500 * time.Millisecond))
	c.publish(verifier, "ks.verifier.b", "e2", "newer")
	got := c.fetch(consumer, 2)
	if string(got[0].Data) != "newer" || string(got[1].Data) != "sent back" {
		c.Fatalf("%q before %q", got[0].Data, got[1].Data)
	}
}

func (c contract) unanswered() {
	c.publish(c.bus.Publisher("verifier"), "ks.verifier.c", "e1", "x")
	consumer := c.bus.Consumer("police", "verifier")
	c.fetch(consumer, 1)
	if again := c.fetch(consumer, 1)[0]; again.Deliveries != 2 {
		c.Fatalf("delivery %d, want 2", again.Deliveries)
	}
}

func (c contract) twice() {
	p := c.bus.Publisher("verifier")
	first := c.publish(p, "ks.verifier.c", "e1", "same")
	if again := c.publish(p, "ks.verifier.c", "e1", "same"); again != first {
		c.Fatalf("second publish stands at %d, first at %d", again, first)
	}
}

func (c contract) mismatch() {
	p := c.bus.Publisher("verifier")
	c.publish(p, "ks.verifier.c", "e1", "forged")
	if _, err := p.Publish(c.within(), "ks.verifier.c", "e1", []byte("true"), eventbus.Anywhere); !errors.Is(err, eventbus.ErrHashMismatch) {
		c.Fatalf("got %v", err)
	}
}

func (c contract) otherCase() {
	p := c.bus.Publisher("verifier")
	c.publish(p, "ks.verifier.other", "e1", "same")
	if _, err := p.Publish(c.within(), "ks.verifier.c", "e1", []byte("same"), eventbus.Anywhere); !errors.Is(err, eventbus.ErrHashMismatch) {
		c.Fatalf("got %v", err)
	}
}

func (c contract) fence() {
	const subject = "ks.verifier.case-1"
	p := c.bus.Publisher("verifier")
	put := func(id string, after uint64) (uint64, error) {
		return p.Publish(c.within(), subject, id, []byte(id), after)
	}
	c.publish(p, "ks.verifier.other", "o1", "of another case")
	first, err := put("e1", 0)
	c.must(err)
	second, err := put("e2", first)
	c.must(err)
	for name, after := range map[string]uint64{"none": 0, "the first": first, "one to come": second + 1} {
		if _, err := put("e3", after); !errors.Is(err, eventbus.ErrNotNext) {
			c.Errorf("after %s: %v", name, err)
		}
	}
	if again, err := put("e1", second); again != first || err != nil {
		c.Errorf("a repeat is at %d, %v", again, err)
	}
	last, err := p.Last(c.within(), subject)
	if err != nil || last.Sequence != second || string(last.Data) != "e2" {
		c.Errorf("%+v, %v", last, err)
	}
	if at, err := p.At(c.within(), first); err != nil || string(at.Data) != "e1" || at.Subject != subject {
		c.Errorf("%+v, %v", at, err)
	}
	if none, err := p.At(c.within(), 999); err != nil || none.Sequence != 0 {
		c.Errorf("%+v, %v", none, err)
	}
	if none, err := p.Last(c.within(), "ks.verifier.nobody"); err != nil || none.Sequence != 0 {
		c.Errorf("%+v, %v", none, err)
	}
}

func (c contract) fill() {
	p := c.bus.Publisher("verifier")
	before, most, err := p.Fill(c.within())
	if err != nil || before != 0 || most != uint64(eventbus.Standard(1).MaxBytes) {
		c.Fatal(before, most, err)
	}
	c.publish(p, "ks.verifier.case-1", "1", string(make([]byte, 1000)))
	if used, _, err := p.Fill(c.within()); err != nil || used < 1000 {
		c.Error(used, err)
	}
}
