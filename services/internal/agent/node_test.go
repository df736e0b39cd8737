package agent_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const typeNote = "https://example.com/note/1.0/note"

// world is where the nodes of a test live: one clock, one network.
type world struct {
	mu    sync.Mutex // guards the fields below
	now   time.Time
	nodes map[string]*node // by endpoint
	// deliver, when set, decides about each envelope: how often it arrives,
	// and what the sender is told.
	deliver func(to *node, body []byte) error
	posted  int
}

func newWorld() *world {
	return &world{now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), nodes: map[string]*node{}}
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Post implements agent.Poster: it hands the envelope to the node.
func (w *world) Post(ctx context.Context, url, contentType string, body []byte) ([]byte, http.Header, error) {
	w.mu.Lock()
	to, deliver := w.nodes[url], w.deliver
	w.posted++
	w.mu.Unlock()
	switch {
	case to == nil:
		return nil, nil, fault.New(fault.Unavailable, "fetch.unreachable", "nobody there")
	case contentType != didcomm.EncryptedMediaType:
		return nil, nil, errors.New("wrong media type")
	case deliver != nil:
		return nil, nil, deliver(to, body)
	}
	return nil, nil, to.Agent().Accept(ctx, body)
}

// Resolve implements did.Resolver: did:web is asked of the node itself.
func (w *world) Resolve(ctx context.Context, name string) (*did.Document, error) {
	host, web := strings.CutPrefix(name, "did:web:")
	if !web {
		return did.Static{}.Resolve(ctx, name)
	}
	w.mu.Lock()
	n := w.nodes["https://"+host]
	w.mu.Unlock()
	if n == nil {
		return nil, fault.New(fault.Unavailable, "fetch.unreachable", "nobody there")
	}
	answer := httptest.NewRecorder()
	n.book.Documents(host).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/.well-known/did.json", nil))
	return did.ParseFor(name, answer.Body.Bytes())
}

// node is one agent over a database of its own.
type node struct {
	world    *world
	db       *sqldb.DB
	book     *identity.Book
	did      string
	endpoint string
	handlers map[string]agent.Handler
	resolver did.Resolver
	patience time.Duration

	mu    sync.Mutex // guards agent
	agent *agent.Agent

	log lines
}

// lines is a log that is read while it is written.
type lines struct {
	mu   sync.Mutex // guards text
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (w *world) node(t testing.TB, name string) *node {
	t.Helper()
	ctx := context.Background()
	effects := sqldb.Migrations{Name: "effects", Files: fstest.MapFS{"00001_effects.sql": {Data: []byte(
		"-- +goose Up\nCREATE TABLE effect (position BIGINT PRIMARY KEY, thread TEXT NOT NULL, text TEXT NOT NULL);\n")}}}
	db := testkit.Database(t, identity.Migrations(), agent.Migrations(), effects)
	n := &node{world: w, db: db, endpoint: "https://" + name + ".example", did: "did:web:" + name + ".example",
		resolver: w, handlers: map[string]agent.Handler{}, patience: time.Minute}
	var err error
	n.book, err = identity.Open(ctx, db, bytes.Repeat([]byte{7}, 32), w)
	check(t, err)
	check(t, n.book.EnsureOrganisation(ctx, n.did, "", n.endpoint))
	n.handlers[typeNote] = n.note
	w.mu.Lock()
	w.nodes[n.endpoint] = n
	w.mu.Unlock()
	n.restart()
	return n
}

// restart drops the agent and makes another over the same database.
func (n *node) restart() {
	fresh := agent.New(agent.Config{DB: n.db, Book: n.book, Resolver: n.resolver, Post: n.world, Clock: n.world,
		Random: rand.Reader, Log: slog.New(slog.NewTextHandler(&n.log, nil)), Patience: n.patience})
	for kind, handler := range n.handlers {
		fresh.Handle(kind, handler)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.agent = fresh
}

func (n *node) Agent() *agent.Agent {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.agent
}

// note is a handler that writes down the text that came.
func (n *node) note(_ context.Context, in agent.Received) (agent.Effect, error) {
	return keep(in), nil
}

func keep(in agent.Received) agent.Effect {
	return func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO effect (position, thread, text) SELECT COALESCE(MAX(position), 0) + 1, $1, $2 FROM effect`, in.Message.Thread(), string(in.Message.Body))
		return err
	}
}

// say sends a note in a thread.
func (n *node) say(t testing.TB, to, thread, text string) {
	t.Helper()
	n.send(t, n.did, to, didcomm.Message{Type: typeNote, Thid: thread, Body: []byte(`{"n":"` + text + `"}`)})
}

func (n *node) send(t testing.TB, from, to string, m didcomm.Message) {
	t.Helper()
	ctx := context.Background()
	check(t, n.db.Tx(ctx, func(tx *sqldb.Tx) error { return n.Agent().Send(ctx, tx, from, to, m) }))
}

// post lets the node send until nothing is due, act lets it act.
func (n *node) post(t testing.TB) { t.Helper(); until(t, n.Agent().SendStep) }
func (n *node) act(t testing.TB)  { t.Helper(); until(t, n.Agent().ActStep) }

func until(t testing.TB, step func(context.Context) (bool, error)) {
	t.Helper()
	for range 200 {
		busy, err := step(context.Background())
		check(t, err)
		if !busy {
			return
		}
	}
	t.Fatal("the work does not end")
}

// pairwise makes a DID of the node that takes messages from onlyFrom alone.
func (n *node) pairwise(t testing.TB, owner, onlyFrom string) string {
	t.Helper()
	ctx := context.Background()
	pending, err := n.book.Pairwise(n.endpoint)
	check(t, err)
	check(t, n.db.Tx(ctx, func(tx *sqldb.Tx) error { return pending.Save(ctx, tx, owner, onlyFrom) }))
	return pending.DID
}

// effects are the texts that acted in a thread, in order.
func (n *node) effects(t testing.TB, thread string) string {
	t.Helper()
	return strings.NewReplacer(`{"n":"`, "", `"}`, "").Replace(strings.Join(n.texts(t, `SELECT text FROM effect WHERE thread = $1 ORDER BY position`, thread), " "))
}

func (n *node) texts(t testing.TB, query string, args ...any) []string {
	t.Helper()
	rows, err := n.db.Read().QueryContext(context.Background(), query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var text string
		err := r.Scan(&text)
		return text, err
	})
	check(t, err)
	return all
}

func (n *node) one(t testing.TB, query string, args ...any) string {
	t.Helper()
	return strings.Join(n.texts(t, query, args...), " ")
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %q, want %q", what, got, want)
	}
}
