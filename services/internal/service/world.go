package service

import (
	"context"
	"io"
	"net/http"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

// World is what a service has around it. A part that is nil is the machine's own:
// its clock and sockets, and the event bus that the configuration names. A
// simulated run gives all of them.
type World struct {
	// Logs is where log lines go. Required.
	Logs io.Writer
	// Clock is put ahead or behind by what the configuration says.
	Clock clock.Clock
	// Random makes ids and what must not be guessed, but no keys.
	Random io.Reader
	// Web carries every HTTP request that the service makes.
	Web http.RoundTripper
	Bus Bus
	// Peer reaches the internal listener of another service.
	Peer func(service string) (grpc.ClientConnInterface, error)
	// Serve serves instead of listeners and runner, until ctx ends.
	Serve func(ctx context.Context, offered Offered) error
}

// Offered is what a service serves and does.
type Offered struct {
	// Web answers HTTP requests, Public and Internal calls.
	Web              http.Handler
	Public, Internal *rpc.Direct
	Jobs             []runner.Job
}

// Bus is the event bus of one service.
type Bus interface {
	// Publisher is the stream of a producer.
	Publisher(producer string) Publisher
	// Consumer takes a producer's events for the service.
	Consumer(producer string) events.Source
	// Ready reports whether the bus answers.
	Ready(ctx context.Context) error
	Close()
}

// Publisher is what a service needs of its own stream.
type Publisher interface {
	events.Publisher
	// Fill gives how many bytes the stream has, and how many it may.
	Fill(ctx context.Context) (used, most uint64, err error)
}

// natsBus is the bus that the configuration names.
type natsBus struct {
	*eventbus.Conn
	service string
}

// Publisher implements Bus.
func (b natsBus) Publisher(producer string) Publisher { return eventbus.NewPublisher(b.Conn, producer) }

// Consumer implements Bus.
func (b natsBus) Consumer(producer string) events.Source {
	return eventbus.NewConsumer(b.Conn, b.service, producer)
}
