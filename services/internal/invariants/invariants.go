// Package invariants checks, after a run, that what must always hold did hold:
// over the services' databases, the event streams, the logs and the telemetry
// of one data directory. It reads them as they are, without asking a service,
// so that no service can talk its way out.
//
// It never writes, and nothing that it reports holds a personal value. It
// belongs to tests and drills: it opens what the services seal, with the
// development master keys.
//
// A file checks one invariant:
//
//	I1 completed.go  I2 issued.go  I3 taken.go  I4 order.go  I5 accesses.go  I6 personal.go
package invariants

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// Breach is one place where an invariant does not hold.
type Breach struct {
	// Invariant is I1 to I6.
	Invariant string
	// Where is the service, stream or text, and the row or line in it.
	Where string
	// What is wrong there.
	What string
}

func (b Breach) String() string { return b.Invariant + " " + b.Where + ": " + b.What }

// Streamed is a message of a stream with the id under which it was published.
type Streamed struct {
	eventbus.Stored
	ID string
}

// Sources are what a run left behind. The services may still run, but must
// have come to rest: what is under way is a breach.
type Sources struct {
	// Layout says where databases, master keys and the event bus are. The NATS
	// server must run, unless Streams says what was on it.
	Layout *devsetup.Layout
	// Streams are the messages of each producer's stream, oldest first. Nil: they
	// are read from the NATS server.
	Streams map[string][]Streamed
	// Services are those that took part. Nil: all.
	Services []string
	// Logs are paths of log files.
	Logs []string
	// Texts are further texts that must hold nothing personal: spans and
	// metrics, URLs.
	Texts []Text
	// Persons are the people of the run. What the services know of people is
	// looked for as well.
	Persons []Person
	// Injected are payloads that the run itself put on a stream as a fault: no
	// outbox has them, and every consumer must have parked them.
	Injected [][]byte
	// ClocksApart is how far the clocks of a service's processes have been apart: one
	// fault of a run.
	ClocksApart time.Duration
}

// Text is a text and what to call it.
type Text struct{ Name, Content string }

// Check gives every breach of I1 to I6, none when all hold. An error says that
// something could not be read, so that nothing is known.
func Check(ctx context.Context, sources Sources) (breaches []Breach, err error) {
	c, err := load(ctx, sources)
	if err != nil {
		return nil, fmt.Errorf("check invariants: %w", err)
	}
	defer func() { err = errors.Join(err, c.close()) }()
	for _, invariant := range []struct {
		name  string
		check func(*checker) error
	}{
		{"I1", (*checker).completed},
		{"I2", (*checker).issued},
		{"I3", (*checker).taken},
		{"I4", (*checker).order},
		{"I5", (*checker).accesses},
		{"I6", (*checker).personal},
	} {
		c.invariant = invariant.name
		if err := invariant.check(c); err != nil {
			return nil, fmt.Errorf("check invariant %s: %w", invariant.name, err)
		}
	}
	return c.breaches, nil
}

// checker is what was read, and what was found.
type checker struct {
	ctx      context.Context
	sources  Sources
	topology eventbus.Topology

	databases map[string]*database // by service
	streams   map[string][]message // by producer
	outboxes  map[string][]event   // by producer
	inboxes   map[string][]taken   // by consumer
	records   []record
	held      []held

	invariant string // the one that is being checked
	breaches  []Breach
}

func load(ctx context.Context, sources Sources) (_ *checker, err error) {
	if sources.Services == nil {
		sources.Services = devsetup.Services()
	}
	c := &checker{
		ctx: ctx, sources: sources, topology: eventbus.Standard(1),
		databases: map[string]*database{}, outboxes: map[string][]event{}, inboxes: map[string][]taken{},
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	for _, service := range sources.Services {
		d, err := open(ctx, sources.Layout.Services[service])
		if err != nil {
			return nil, fmt.Errorf("open database of %s: %w", service, err)
		}
		c.databases[service] = d
	}
	for _, service := range sources.Services {
		if c.outboxes[service], err = c.outbox(service); err != nil {
			return nil, fmt.Errorf("read outbox of %s: %w", service, err)
		}
		if c.inboxes[service], err = c.inbox(service); err != nil {
			return nil, fmt.Errorf("read inbox of %s: %w", service, err)
		}
		signed, err := c.recordsOf(service)
		if err != nil {
			return nil, fmt.Errorf("read credentials of %s: %w", service, err)
		}
		c.records = append(c.records, signed...)
	}
	if c.has("wallet") {
		if c.held, err = c.holdings(); err != nil {
			return nil, fmt.Errorf("read wallet: %w", err)
		}
	}
	c.streams, err = c.readStreams()
	return c, err
}

func (c *checker) close() (err error) {
	for _, d := range c.databases {
		err = errors.Join(err, d.close())
	}
	return err
}

// has reports whether a service took part.
func (c *checker) has(service string) bool { return slices.Contains(c.sources.Services, service) }

func (c *checker) breach(where, format string, args ...any) {
	c.breaches = append(c.breaches, Breach{Invariant: c.invariant, Where: where, What: fmt.Sprintf(format, args...)})
}
