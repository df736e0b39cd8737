// Package agent is a service's DIDComm v2 agent: it takes envelopes from
// outside into the inbox, hands each message once to the handler of its type,
// and sends what handlers leave in the outbox until the other side has it.
// Threads themselves (issue-credential, present-proof) are rows of the
// packages that register handlers; the agent knows no protocol's states.
//
// A message's journey: receive.go, act.go, send.go. Each step is durable
// before the next begins, so an exchange survives a stop at any point, and
// each has its effect once.
package agent

import (
	"context"
	"embed"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the schema of inbox and outbox.
func Migrations() sqldb.Migrations { return sqldb.Embedded("agent", schema) }

// Poster posts an envelope to a service endpoint.
type Poster interface {
	Post(ctx context.Context, url, contentType string, body []byte) ([]byte, http.Header, error)
}

// Forgetful is a resolver that remembers documents for a while. Fresh gives
// one that asks anew: a sender's key may be newer than what is remembered.
type Forgetful interface{ Fresh() did.Resolver }

// Config is what an agent needs.
type Config struct {
	DB       *sqldb.DB
	Book     *identity.Book
	Resolver did.Resolver // may be Forgetful
	Post     Poster
	Clock    clock.Clock
	Random   io.Reader
	Log      *slog.Logger
	// Patience is how long a message is tried again when something does not
	// answer (a status list, a DID document) before it is refused. The time that
	// the service was stopped does not count.
	Patience time.Duration
}

// Agent is safe for concurrent use.
type Agent struct {
	Config
	handlers map[string]Handler
	problems []Handler
	arrived  *runner.Bell
	leaving  *runner.Bell
	lately   lately
}

// New makes an agent without handlers.
func New(c Config) *Agent {
	return &Agent{Config: c, handlers: map[string]Handler{}, arrived: runner.NewBell(), leaving: runner.NewBell()}
}

// Received is a message whose sender the envelope has proven.
type Received struct {
	Message   *didcomm.Message
	Sender    string // the DID that wrote it
	Recipient string // the DID of ours that it was written to
	Owner     string // whose DID that is
	At        time.Time
}

// Effect is what a message does to the database. It runs in the transaction
// that also marks the message as done, and must not use the network.
type Effect func(ctx context.Context, tx *sqldb.Tx) error

// Handler checks a message, outside any transaction, and returns its effect,
// nil for none.
// A fault that is permanent, of the handler or of the effect, refuses the
// message: nothing of the effect remains, and the sender gets a problem
// report. Any other error is tried again until the agent's patience ends.
type Handler func(ctx context.Context, in Received) (Effect, error)

// Refuse lets an effect refuse its message and still keep what it has written,
// such as a counted attempt. why is a permanent fault.
func Refuse(why error) error { return refusal{why} }

type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// Handle registers the handler of a message type. All are registered before
// the agent runs.
func (a *Agent) Handle(messageType string, h Handler) {
	if _, taken := a.handlers[messageType]; taken {
		panic(fmt.Sprintf("agent: two handlers for %s", messageType))
	}
	a.handlers[messageType] = h
}

// Jobs are the agent's background work.
func (a *Agent) Jobs() []runner.Job {
	return []runner.Job{
		{Name: "didcomm.act", Step: a.ActStep, Idle: 200 * time.Millisecond, Bell: a.arrived},
		{Name: "didcomm.send", Step: a.SendStep, Idle: 200 * time.Millisecond, Bell: a.leaving},
	}
}

// atOnce is how many messages, each of another thread, are worked on together.
const atOnce = 8

// backOff is the wait after the nth failed attempt: 50 ms doubling to 4 s.
func backOff(attempts int64) time.Duration {
	return min(50*time.Millisecond<<min(attempts, 8), 4*time.Second)
}

// waited is how long a message has been put off after so many failed attempts.
func waited(attempts int64) (total time.Duration) {
	for n := range attempts {
		total += backOff(n)
	}
	return total
}
