package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// What waits is shown with how long it has and how often it was tried; a database
// that is not there is not made.
func TestWaitingShowsWhatWaits(t *testing.T) {
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Pilot())
	if err != nil {
		t.Fatal(err)
	}
	file := layout.Services["issuer"].ConfigFile
	for range 2 { // the first must not have made it
		if err := run(t.Context(), []string{"waiting", "--config", file}, &bytes.Buffer{}, &bytes.Buffer{}); err == nil {
			t.Fatal("there is no database, and what waits in it is shown")
		}
	}
	cfg, err := commonOf(file)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqldb.Open(t.Context(), "sqlite", cfg.Database.DSN, services["issuer"].schema()...)
	if err != nil {
		t.Fatal(err)
	}
	at := clock.Micros(time.Now().Add(-time.Hour))
	_, err = db.SQL().Exec(`
		INSERT INTO mail_outbox (id, sealed, due_at, attempts, state) VALUES ('a', '', $1, 7, 'waiting'), ('b', '', $1, 2, 'waiting');
		INSERT INTO event_outbox (id, case_ref, sequence, type, payload, hash, traceparent, created_at, state, stream_sequence, published_at)
			VALUES ('e', 'c', 1, 't', '', 'h', '', $1, 'waiting', 0, 0), ('f', 'c', 2, 't', '', 'i', '', $1, 'published', 1, 1)`, at)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"waiting", "--config", file}, &out, &out); err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for line := range strings.Lines(out.String()) {
		words := strings.Fields(line)
		count, since, tried := words[len(words)-3], words[len(words)-2], words[len(words)-1]
		since, _, _ = strings.Cut(since, "m") // the hour, however slow this is
		seen[strings.Join(words[1:len(words)-3], " ")] = strings.Join([]string{count, since, tried}, " ")
	}
	for what, want := range map[string]string{
		"mail to send": "2 1h0 7", "events to publish": "1 1h0 0", "events parked, or behind one": "0 - 0", "messages to send": "0 - 0",
		"messages to act on": "0 - 0",
	} {
		if seen[what] != want {
			t.Errorf("%s: %q, not %q\n%s", what, seen[what], want, out.String())
		}
	}
}
