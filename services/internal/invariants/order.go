package invariants

import (
	"cmp"
	"database/sql"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// course is the events of one case from one producer.
type course struct{ producer, caseRef string }

// order checks I4: the events of a case from one producer are numbered without
// a gap, stand on the stream in that order, and were acted on in that order.
func (c *checker) order() error {
	for _, producer := range c.sources.Services {
		if err := c.numbered(producer); err != nil {
			return err
		}
	}
	for _, producer := range c.topology.Producers {
		c.streamed(producer)
	}
	for _, consumer := range c.sources.Services {
		if err := c.actedInOrder(consumer); err != nil {
			return err
		}
	}
	return nil
}

// place is how far something has come in a course.
type place struct {
	course
	last int64
}

// numbered checks the places that a producer gave its events.
func (c *checker) numbered(producer string) error {
	counters, err := list(c, producer, `SELECT case_ref, last FROM event_sequence`, func(r *sql.Rows, p *place) error {
		p.producer = producer
		return r.Scan(&p.caseRef, &p.last)
	})
	if err != nil {
		return err
	}
	given := map[course][]int64{}
	for _, e := range c.outboxes[producer] {
		at := course{producer, e.caseRef}
		given[at] = append(given[at], e.sequence)
	}
	c.compare(producer+": outbox, ", given, counters)
	return nil
}

// compare wants the sequences of each course to be 1 to last.
func (c *checker) compare(where string, sequences map[course][]int64, places []place) {
	last := map[course]int64{}
	for _, p := range places {
		last[p.course] = p.last
		if _, ok := sequences[p.course]; !ok {
			sequences[p.course] = nil
		}
	}
	for _, at := range slices.SortedFunc(maps.Keys(sequences), func(a, b course) int {
		return cmp.Or(cmp.Compare(a.producer, b.producer), cmp.Compare(a.caseRef, b.caseRef))
	}) {
		place := where + "events of " + at.producer + " for " + at.caseRef
		for n, sequence := range sequences[at] {
			if sequence != int64(n)+1 {
				c.breach(place, "at place %d stands event %d", n+1, sequence)
				break
			}
		}
		if n := len(sequences[at]); n == 0 || sequences[at][n-1] != last[at] {
			c.breach(place, "the position is %d, and the last event is another", last[at])
		}
	}
}

// streamed checks the order of each event's first appearance on the stream.
func (c *checker) streamed(producer string) {
	sequence, id := map[string]int64{}, map[string]string{}
	for _, e := range c.outboxes[producer] {
		sequence[e.hash], id[e.hash] = e.sequence, e.id
	}
	highest, seen := map[string]int64{}, map[string]bool{}
	for _, m := range c.streams[producer] {
		at, known := sequence[m.hash]
		if !known || seen[m.hash] {
			continue
		}
		if m.header.Get(nats.MsgIdHdr) != id[m.hash] {
			// What the stream had lost is published again under another id when it is
			// missed, and a copy that somebody else makes has an id of its own.
			continue
		}
		seen[m.hash] = true
		if at < highest[m.subject] {
			c.breach("stream "+eventbus.Stream(producer)+": "+m.subject, "event %d stands after event %d", at, highest[m.subject])
		}
		highest[m.subject] = max(at, highest[m.subject])
	}
}

// actedInOrder checks what a consumer has acted on or passed over. A parked
// event does not take its place.
func (c *checker) actedInOrder(consumer string) error {
	positions, err := list(c, consumer, `SELECT producer, case_ref, last FROM event_position`, func(r *sql.Rows, p *place) error {
		return r.Scan(&p.producer, &p.caseRef, &p.last)
	})
	if err != nil {
		return err
	}
	acted := map[course][]int64{}
	before := map[course]taken{}
	for _, t := range c.inboxes[consumer] { // by sequence
		if t.state == "parked" {
			continue
		}
		at := course{t.producer, t.caseRef}
		acted[at] = append(acted[at], t.sequence)
		if t.receivedAt+c.apart() < before[at].receivedAt {
			c.breach(consumer+": events of "+t.producer+" for "+t.caseRef, "event %d was taken before event %d", t.sequence, before[at].sequence)
		}
		before[at] = t
	}
	c.compare(consumer+": ", acted, positions)
	return nil
}
