package events_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

const producer = "verifier"

// stream is a producer's stream in memory: what was published stays, by id,
// and comes at least once until it is acknowledged.
type stream struct {
	mu        sync.Mutex // guards the fields below
	byID      map[string]eventbus.Msg
	all       []eventbus.Msg
	sequence  uint64
	waiting   []eventbus.Msg
	published []string // payloads, in order
	asked     int      // how often a message was read back by its place
	// fail, when set, decides about each publishing: whether it is stored, and
	// what the producer is told.
	fail func() (stored bool, err error)
}

func newStream() *stream { return &stream{byID: map[string]eventbus.Msg{}} }

func (s *stream) Publish(_ context.Context, subject, id string, payload []byte, after uint64) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, err := true, error(nil)
	if s.fail != nil {
		stored, err = s.fail()
	}
	if !stored {
		return 0, err
	}
	if have, ok := s.byID[id]; ok {
		if have.Subject != subject || string(have.Data) != string(payload) {
			return 0, fault.Wrap(eventbus.ErrHashMismatch, fault.Conflict, "eventbus.hash-mismatch", "another payload")
		}
		return have.StreamSeq, err
	}
	if after != eventbus.Anywhere && after != s.last(subject).Sequence {
		return 0, fault.Wrap(eventbus.ErrNotNext, fault.Conflict, "eventbus.not-next", "something else is last")
	}
	s.sequence++
	msg := eventbus.Msg{Data: payload, Subject: subject, StreamSeq: s.sequence}
	s.byID[id], s.all = msg, append(s.all, msg)
	s.waiting = append(s.waiting, msg)
	s.published = append(s.published, string(payload))
	return s.sequence, err
}

// last is the last message on a subject. s.mu is held.
func (s *stream) last(subject string) eventbus.Stored {
	for _, msg := range slices.Backward(s.all) {
		if msg.Subject == subject {
			return eventbus.Stored{Subject: subject, Sequence: msg.StreamSeq, Data: msg.Data}
		}
	}
	return eventbus.Stored{}
}

// Last implements events.Publisher.
func (s *stream) Last(_ context.Context, subject string) (eventbus.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last(subject), nil
}

// At implements events.Publisher.
func (s *stream) At(_ context.Context, sequence uint64) (eventbus.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	for _, msg := range s.all {
		if msg.StreamSeq == sequence {
			return eventbus.Stored{Subject: msg.Subject, Sequence: sequence, Data: msg.Data}, nil
		}
	}
	return eventbus.Stored{}, nil
}

// Fetch implements events.Source.
func (s *stream) Fetch(_ context.Context, most int, _ time.Duration) ([]eventbus.Msg, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.waiting[:min(most, len(s.waiting))]
	s.waiting = append([]eventbus.Msg{}, s.waiting[len(out):]...)
	msgs := make([]eventbus.Msg, len(out))
	for i, msg := range out {
		msgs[i] = msg
		msgs[i].Ack = func() error { return nil }
		msgs[i].Nak = func(time.Duration) error { s.put(msg); return nil }
	}
	return msgs, nil
}

func (s *stream) put(msgs ...eventbus.Msg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, msgs...)
}

func (s *stream) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting)
}

// side is one service: outbox and relay, or inbox.
type side struct {
	db     *sqldb.DB
	stream *stream
	outbox *events.Outbox
	relay  *events.Relay
	inbox  *events.Inbox
	alarms *strings.Builder
}

var actedFiles = fstest.MapFS{"00001_acted.sql": {Data: []byte(
	"-- +goose Up\nCREATE TABLE acted (position BIGINT PRIMARY KEY, case_ref TEXT NOT NULL, text TEXT NOT NULL);\n")}}

func open(t testing.TB, s *stream) *side {
	t.Helper()
	acted := sqldb.Migrations{Name: "acted", Files: actedFiles}
	db := testkit.Database(t, events.Migrations(), acted)
	clk, alarms := testkit.TickingFrom(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)), &strings.Builder{}
	log := slog.New(slog.NewTextHandler(alarms, nil))
	return &side{
		db: db, stream: s, alarms: alarms,
		outbox: &events.Outbox{Producer: producer, Source: "https://verifier.example", Clock: clk, Random: rand.Reader, Bell: runner.NewBell()},
		relay:  &events.Relay{DB: db, Producer: producer, To: s, Clock: clk, Log: log},
		inbox: &events.Inbox{DB: db, Producer: producer, From: s, Clock: clk, Log: log, Handlers: map[string]events.Handler{
			"decision.made": act,
		}},
	}
}

// act is a handler that writes down what it is told.
func act(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO acted (position, case_ref, text) SELECT COALESCE(MAX(position), 0) + 1, $1, $2 FROM acted`, event.Case, fmt.Sprint(event.Data["n"]))
	return err
}

func (s *side) happens(t testing.TB, caseRef, text string) *eventbus.Event {
	t.Helper()
	var event *eventbus.Event
	check(t, s.db.Tx(context.Background(), func(tx *sqldb.Tx) (err error) {
		event, err = s.outbox.Append(context.Background(), tx, happened(caseRef, text))
		return err
	}))
	return event
}

func happened(caseRef, text string) events.Happened {
	return events.Happened{Type: "decision.made", Case: caseRef, TimeClass: eventbus.Human, Data: map[string]any{"n": text}}
}

// publish relays until nothing waits, take takes until the stream is still.
func (s *side) publish(t testing.TB) {
	t.Helper()
	for range 100 {
		busy, err := s.relay.Step(context.Background())
		check(t, err)
		if !busy {
			return
		}
	}
	t.Fatal("the relay does not end")
}

func (s *side) take(t testing.TB) {
	t.Helper()
	for range 20 {
		_, err := s.inbox.Step(context.Background())
		check(t, err)
	}
}

func (s *side) acted(t testing.TB, caseRef string) string {
	t.Helper()
	return s.list(t, `SELECT text FROM acted WHERE case_ref = $1 ORDER BY position`, caseRef)
}

func (s *side) list(t testing.TB, query string, args ...any) string {
	t.Helper()
	rows, err := s.db.Read().QueryContext(context.Background(), query, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var text string
		err := r.Scan(&text)
		return text, err
	})
	check(t, err)
	return strings.Join(all, " ")
}

// message is an event as it comes from the stream.
func message(t testing.TB, e eventbus.Event) eventbus.Msg {
	t.Helper()
	payload, err := e.Encode()
	check(t, err)
	return eventbus.Msg{Subject: eventbus.Subject(producer, e.Case), Data: payload}
}

func made(id, caseRef string, sequence int64, text string) eventbus.Event {
	return eventbus.Event{ID: id, Source: "https://verifier.example", Type: eventbus.TypeOf("decision.made"), Case: caseRef,
		Time: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), TimeClass: eventbus.Human, Sequence: sequence, Data: map[string]any{"n": text}}
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

func TestEventIsThereOnlyWithItsChange(t *testing.T) {
	s := open(t, newStream())
	ctx := t.Context()
	undone := errors.New("undone")
	err := s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		if _, err := s.outbox.Append(ctx, tx, happened("c", "a")); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	s.happens(t, "c", "b")
	s.publish(t)
	if len(s.stream.published) != 1 || !strings.Contains(s.stream.published[0], `"sequence":"1"`) {
		t.Fatal(s.stream.published)
	}
}

func TestEventWithPersonalDataFailsItsChange(t *testing.T) {
	s := open(t, newStream())
	for _, data := range []any{"lisa@example.com", "01019012345"} {
		err := s.db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			h := happened("c", "a")
			h.Data["who"] = data
			_, err := s.outbox.Append(t.Context(), tx, h)
			return err
		})
		if fault.RuleOf(err) != "event.personal-data" {
			t.Fatal(err)
		}
	}
}

func TestCaseIsPublishedInOrderWhateverTheClockSays(t *testing.T) {
	s := open(t, newStream())
	clk := s.outbox.Clock.(*testkit.Clock)
	for i := range 4 {
		s.happens(t, "c", fmt.Sprint(i))
		s.happens(t, "d", fmt.Sprint(i))
		clk.Pass(-time.Hour)
	}
	s.publish(t)
	consumer := open(t, s.stream)
	consumer.take(t)
	same(t, "c", consumer.acted(t, "c"), "0 1 2 3")
	same(t, "d", consumer.acted(t, "d"), "0 1 2 3")
	for i, payload := range s.stream.published {
		if !strings.Contains(payload, fmt.Sprintf(`"sequence":"%d"`, i/2+1)) {
			t.Fatalf("published as number %d: %s", i, payload)
		}
	}
}

func TestSuppressedEventRaisesAnAlarmAndIsPublished(t *testing.T) { // hostile 58
	s := open(t, newStream())
	event := s.happens(t, "c", "true")
	forged := made(event.ID, "c", 1, "forged")
	payload, err := forged.Encode()
	check(t, err)
	_, err = s.stream.Publish(t.Context(), eventbus.Subject(producer, "c"), event.ID, payload, eventbus.Anywhere)
	check(t, err)
	s.publish(t)
	same(t, "state", s.list(t, `SELECT state FROM event_outbox`), "alarmed")
	if !strings.Contains(s.alarms.String(), "ALARM") || len(s.stream.published) != 2 || !strings.Contains(s.stream.published[1], "true") {
		t.Fatal(s.alarms, s.stream.published)
	}
	// The consumer sees one id with two payloads: the second is parked, loudly.
	consumer := open(t, s.stream)
	consumer.take(t)
	same(t, "inbox", consumer.list(t, `SELECT state || ' ' || reason FROM event_inbox ORDER BY state`), "done  parked event.id-with-another-payload")
	s.stream.put(s.stream.all...) // a repeat of either is a repeat, and no news
	consumer.take(t)
	if n := strings.Count(consumer.alarms.String(), "ALARM"); n != 1 {
		t.Fatalf("%d alarms", n)
	}
}

func TestCaseWhoseEventIsSuppressedTwiceDoesNotStopTheOthers(t *testing.T) {
	s := open(t, newStream())
	event := s.happens(t, "c", "a")
	s.happens(t, "d", "b")
	ours := s.list(t, `SELECT hash FROM event_outbox WHERE case_ref = 'c'`)
	for _, id := range []string{event.ID, event.ID + "." + ours} {
		_, err := s.stream.Publish(t.Context(), "ks.verifier.c", id, []byte("forged"), eventbus.Anywhere)
		check(t, err)
	}
	if _, err := s.relay.Step(t.Context()); !errors.Is(err, eventbus.ErrHashMismatch) {
		t.Fatal(err)
	}
	same(t, "states", s.list(t, `SELECT case_ref || ' ' || state FROM event_outbox ORDER BY case_ref`), "c waiting d published")
}

func TestStreamThatIsDownLosesNothing(t *testing.T) {
	s := open(t, newStream())
	s.happens(t, "c", "a")
	stored := false
	s.stream.fail = func() (bool, error) {
		return stored, fault.New(fault.Unavailable, "eventbus.unavailable", "no answer")
	}
	for range 3 { // the second and third are stored, and the producer does not learn of it
		if _, err := s.relay.Step(t.Context()); fault.KindOf(err) != fault.Unavailable {
			t.Fatal(err)
		}
		stored = true
	}
	s.stream.fail = nil
	s.publish(t)
	same(t, "state", s.list(t, `SELECT state FROM event_outbox`), "published")
	if len(s.stream.published) != 1 {
		t.Fatal(s.stream.published)
	}
}

func TestRepeatedEventActsOnce(t *testing.T) {
	s := open(t, newStream())
	one := message(t, made("a", "c", 1, "a"))
	s.stream.put(one, one)
	s.take(t)
	s.stream.put(one)
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "a")
	same(t, "inbox", s.list(t, `SELECT state FROM event_inbox`), "done")
}

func TestEventWaitsForTheOneBefore(t *testing.T) {
	s := open(t, newStream())
	s.stream.put(message(t, made("c", "c", 3, "3")), message(t, made("b", "c", 2, "2")), message(t, made("d", "d", 1, "other")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "")
	same(t, "other case", s.acted(t, "d"), "other")
	if s.stream.left() != 2 {
		t.Fatal("an event that waits has gone")
	}
	s.stream.put(message(t, made("a", "c", 1, "1")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "1 2 3")
}

func TestUnknownVersionIsParkedAndItsCaseWaits(t *testing.T) { // hostile 57
	s := open(t, newStream())
	first := message(t, made("a", "c", 1, "1"))
	first.Data = []byte(strings.Replace(string(first.Data), ".v1", ".v2", 1))
	s.stream.put(first, message(t, made("b", "c", 2, "2")), message(t, made("d", "d", 1, "other")))
	s.take(t)
	same(t, "inbox", s.list(t, `SELECT state || ' ' || reason FROM event_inbox WHERE state <> 'done'`), "parked "+eventbus.RuleUnknownVersion)
	same(t, "acted", s.acted(t, "c"), "")
	same(t, "other case", s.acted(t, "d"), "other")
	if s.stream.left() != 1 {
		t.Fatal("the later event has gone")
	}
}

func TestEventThatCanNeverActIsParkedAndLeavesNothing(t *testing.T) {
	s := open(t, newStream())
	s.inbox.Handlers["decision.made"] = func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
		if err := act(ctx, tx, event); err != nil {
			return err
		}
		if event.Case == "c" && event.Sequence == 1 {
			return fault.New(fault.Conflict, "case.closed", "no")
		}
		return nil
	}
	s.stream.put(message(t, made("a", "c", 1, "1")), message(t, made("b", "c", 2, "2")), message(t, made("d", "d", 1, "other")))
	s.take(t)
	same(t, "parked", s.list(t, `SELECT id || ' ' || reason FROM event_inbox WHERE state = 'parked'`), "a case.closed")
	same(t, "acted", s.acted(t, "c")+s.acted(t, "d"), "other")
	s.stream.put(message(t, made("a", "c", 1, "1"))) // it is not tried again by a repeat
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "")
}

func TestEventThatCannotActNowIsTakenLater(t *testing.T) {
	s := open(t, newStream())
	down := 3
	s.inbox.Handlers["decision.made"] = func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
		if err := act(ctx, tx, event); err != nil {
			return err
		}
		if down--; down > 0 {
			return errors.New("the disk is full")
		}
		return nil
	}
	s.stream.put(message(t, made("a", "c", 1, "1")), message(t, made("b", "c", 2, "2")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "1 2")
}

func TestEventOfAnotherCaseThanItsSubjectIsParked(t *testing.T) {
	s := open(t, newStream())
	for _, subject := range []string{"ks.verifier.d", "ks.police.c"} {
		msg := message(t, made("a", "c", 1, subject))
		msg.Subject = subject
		s.stream.put(msg)
	}
	s.stream.put(eventbus.Msg{Subject: "ks.verifier.c", Data: []byte(`{"id":"a"`)})
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "")
	same(t, "parked", s.list(t, `SELECT DISTINCT state FROM event_inbox`)+s.list(t, `SELECT COUNT(*) FROM event_inbox`), "parked3")
	// The true one is not hidden by them.
	s.stream.put(message(t, made("a", "c", 1, "true")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "true")
}

func TestSecondEventAtAPlaceIsParked(t *testing.T) {
	s := open(t, newStream())
	s.stream.put(message(t, made("a", "c", 1, "1")), message(t, made("b", "c", 1, "again")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "1")
	same(t, "parked", s.list(t, `SELECT reason FROM event_inbox WHERE state = 'parked'`), "event.sequence-taken")
}

func TestEventThatNobodyHandlesMakesRoomForTheNext(t *testing.T) {
	s := open(t, newStream())
	first := made("a", "c", 1, "1")
	first.Type = eventbus.TypeOf("case.completed")
	s.stream.put(message(t, first), message(t, made("b", "c", 2, "2")))
	s.take(t)
	same(t, "acted", s.acted(t, "c"), "2")
	same(t, "states", s.list(t, `SELECT state FROM event_inbox ORDER BY sequence`), "ignored done")
}

func TestProducersDoNotShareACasesPlaces(t *testing.T) {
	s := open(t, newStream())
	police := &events.Inbox{
		DB: s.inbox.DB, Producer: "police", From: s.inbox.From, Handlers: s.inbox.Handlers, Clock: s.inbox.Clock, Log: s.inbox.Log,
	}
	s.stream.put(message(t, made("a", "c", 1, "verifier")))
	s.take(t)
	msg := message(t, made("a", "c", 1, "police"))
	msg.Subject = "ks.police.c"
	s.stream.put(msg)
	_, err := police.Step(t.Context())
	check(t, err)
	same(t, "acted", s.acted(t, "c"), "verifier police")
}
