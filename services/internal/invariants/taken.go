package invariants

import (
	"database/sql"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// event is a row of a producer's outbox.
type event struct {
	id, caseRef, kind, hash, state string
	sequence                       int64
	payload                        []byte
}

// left reports whether the event has been published.
func (e event) left() bool { return e.state == "published" || e.state == "alarmed" }

// taken is a row of a consumer's inbox.
type taken struct {
	producer, id, hash, caseRef, kind, state string
	sequence, receivedAt                     int64
	payload                                  []byte
}

func (c *checker) outbox(service string) ([]event, error) {
	return list(c, service, `SELECT id, case_ref, sequence, type, payload, hash, state FROM event_outbox ORDER BY case_ref, sequence`,
		func(r *sql.Rows, e *event) error {
			return r.Scan(&e.id, &e.caseRef, &e.sequence, &e.kind, &e.payload, &e.hash, &e.state)
		})
}

func (c *checker) inbox(service string) ([]taken, error) {
	return list(c, service, `
		SELECT producer, id, hash, case_ref, sequence, type, payload, received_at, state FROM event_inbox
		ORDER BY producer, case_ref, sequence, received_at`,
		func(r *sql.Rows, t *taken) error {
			return r.Scan(&t.producer, &t.id, &t.hash, &t.caseRef, &t.sequence, &t.kind, &t.payload, &t.receivedAt, &t.state)
		})
}

// taken checks I3: what left an outbox is on its stream and was taken or
// parked by every consumer, once; nothing else was; nothing waits. The same
// holds for DIDComm messages between services.
func (c *checker) taken() error {
	injected := map[string]bool{}
	for _, payload := range c.sources.Injected {
		injected[eventbus.Hash(payload)] = true
	}
	for _, producer := range c.topology.Producers {
		if c.has(producer) {
			c.published(producer, injected)
		}
	}
	for _, consumer := range c.sources.Services {
		for _, producer := range c.topology.Consumers[consumer] {
			if c.has(producer) {
				c.consumed(consumer, producer, injected)
			}
		}
		for _, t := range c.inboxes[consumer] {
			if !slices.Contains(c.topology.Consumers[consumer], t.producer) {
				c.breach(consumer+": event "+t.id, "it was taken from %s, to which %s does not listen", t.producer, consumer)
			}
		}
	}
	return c.messages()
}

// published compares a producer's outbox with its stream. A stream may hold an
// event twice: it forgets what it has after a while, and inboxes do not.
func (c *checker) published(producer string, injected map[string]bool) {
	type spot struct{ subject, hash string }
	left := map[spot]bool{}
	onStream := map[spot]bool{}
	for _, m := range c.streams[producer] {
		onStream[spot{m.subject, m.hash}] = true
	}
	for _, e := range c.outboxes[producer] {
		where := producer + ": event " + e.id
		at := spot{eventbus.Subject(producer, e.caseRef), e.hash}
		left[at] = true
		if e.hash != eventbus.Hash(e.payload) {
			c.breach(where, "its hash is not that of its payload")
		}
		switch {
		case e.state == "waiting":
			c.breach(where, "it waits to be published")
		case !e.left():
			c.breach(where, "its state is %q", e.state)
		case !onStream[at]:
			c.breach(where, "it was published and is not on the stream")
		}
	}
	for _, m := range c.streams[producer] {
		if !left[spot{m.subject, m.hash}] && !injected[m.hash] {
			c.breach(fmt.Sprintf("stream %s: message %d", eventbus.Stream(producer), m.sequence), "no outbox has it")
		}
	}
}

// consumed compares a producer's outbox with one consumer's inbox.
func (c *checker) consumed(consumer, producer string, injected map[string]bool) {
	type identity struct{ id, hash string }
	times := map[identity]int{}
	outbox := map[identity]event{}
	for _, e := range c.outboxes[producer] {
		outbox[identity{e.id, e.hash}] = e
	}
	parkedAt := map[string]int64{} // the first parked place of a case
	for _, t := range c.inboxes[consumer] {
		if t.producer != producer {
			continue
		}
		where := consumer + ": event " + t.id + " of " + producer
		key := identity{t.id, t.hash}
		times[key]++
		e, known := outbox[key]
		if t.hash != eventbus.Hash(t.payload) {
			c.breach(where, "its hash is not that of its payload")
		}
		switch {
		case t.state == "waiting" && parkedAt[t.caseRef] != 0 && parkedAt[t.caseRef] < t.sequence:
			// its turn comes when the one before is released
		case !slices.Contains([]string{"done", "ignored", "parked"}, t.state):
			c.breach(where, "its state is %q", t.state)
		case !known && !injected[t.hash]:
			c.breach(where, "it was taken, and %s never sent it", producer)
		case !known && t.state != "parked":
			c.breach(where, "it was forged, and it was %s", t.state)
		case known && !e.left():
			c.breach(where, "it was taken, and %s has it as %s", producer, e.state)
		case known && (e.caseRef != t.caseRef || e.sequence != t.sequence || e.kind != t.kind):
			c.breach(where, "it was taken as an event of another case, place or type")
		case times[key] > 1:
			c.breach(where, "it was taken %d times", times[key])
		}
		if known && t.state == "parked" {
			if first, ok := parkedAt[t.caseRef]; !ok || t.sequence < first {
				parkedAt[t.caseRef] = t.sequence
			}
		}
	}
	for _, e := range c.outboxes[producer] {
		parked, blocked := parkedAt[e.caseRef]
		if e.left() && times[identity{e.id, e.hash}] == 0 && (!blocked || e.sequence < parked) {
			c.breach(consumer+": event "+e.id+" of "+producer, "it was published and never taken")
		}
	}
}

// letter is a row of a DIDComm outbox or inbox.
type letter struct{ service, id, sender, recipient, state string }

// messages compares the DIDComm outboxes with the inboxes of the services that
// the messages went to.
func (c *checker) messages() error {
	type key struct{ sender, id string }
	owner := map[string]string{} // DID to service
	sent, arrived := map[key]letter{}, map[key]letter{}
	var out, in []letter
	for _, service := range c.sources.Services {
		dids, err := texts(c, service, `SELECT did FROM identity`)
		if err != nil {
			return err
		}
		for _, did := range dids {
			owner[did] = service
		}
		scan := func(r *sql.Rows, l *letter) error {
			l.service = service
			return r.Scan(&l.id, &l.sender, &l.recipient, &l.state)
		}
		outbox, err := list(c, service, `SELECT id, sender, recipient, state FROM agent_outbox ORDER BY created_at, id`, scan)
		if err != nil {
			return err
		}
		inbox, err := list(c, service, `SELECT id, sender, recipient, state FROM agent_inbox ORDER BY received_at, id`, scan)
		if err != nil {
			return err
		}
		out, in = append(out, outbox...), append(in, inbox...)
	}
	for _, l := range out {
		sent[key{l.sender, l.id}] = l
	}
	for _, l := range in {
		where := l.service + ": DIDComm message " + l.id
		arrived[key{l.sender, l.id}] = l
		if l.state == "waiting" {
			c.breach(where, "it waits to be acted on")
		}
		from, wasSent := sent[key{l.sender, l.id}]
		if owner[l.sender] != "" && (!wasSent || from.recipient != l.recipient) {
			c.breach(where, "it was taken, and %s never sent it", owner[l.sender])
		}
	}
	for _, l := range out {
		where := l.service + ": DIDComm message " + l.id
		if l.state == "waiting" {
			c.breach(where, "it waits to be sent")
		}
		if to := owner[l.recipient]; to != "" && l.state == "sent" && arrived[key{l.sender, l.id}].service != to {
			c.breach(where, "it was sent, and %s never took it", to)
		}
	}
	return nil
}
