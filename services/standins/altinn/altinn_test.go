package altinn_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/kompetansespor/kompetansespor/services/internal/altinn"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	grants "github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/standins"
	"github.com/kompetansespor/kompetansespor/services/standins/altinn"
	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
)

// world is the verifier's outbox, the client, and Altinn and Maskinporten over
// HTTP.
type world struct {
	*harness.Harness
	t       *testing.T
	altinn  *altinn.Server
	url     string
	client  *client.Client
	tokens  *grants.Client
	forward *events.Forward
}

func open(t *testing.T, scopes ...string) *world {
	t.Helper()
	w := &world{Harness: harness.Open(t, "verifier"), t: t}
	dir := t.TempDir()
	keyFile := filepath.Join(dir, "key.pem")
	err := maskinporten.Enrol(dir, rand.Reader, maskinporten.Client{ID: "udi", OrganisationNumber: "310000116", Scopes: scopes}, "key-1", keyFile)
	w.must(err)
	clients, tokenKey, err := maskinporten.Load(dir, rand.Reader)
	w.must(err)
	issuer := maskinporten.New(maskinporten.Config{Issuer: "https://maskinporten.example/", Clients: clients, Key: tokenKey, Clock: w.Clock, Random: rand.Reader})
	w.altinn = altinn.New(issuer)
	w.altinn.Slowness = time.Millisecond
	server := httptest.NewServer(standins.Server(map[string]standins.Register{"maskinporten": issuer, "altinn": w.altinn}))
	t.Cleanup(server.Close)
	w.url = server.URL + "/altinn"
	settings := client.Settings{URL: w.url, Maskinporten: grants.Settings{
		URL: server.URL + "/maskinporten", Audience: "https://maskinporten.example/", ClientID: "udi", KeyID: "key-1", KeyFile: keyFile,
	}}
	if wrong := settings.Validate(true); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	w.tokens, err = grants.Open(settings.Maskinporten, fetch.Registers(nil), w.Clock, rand.Reader)
	w.must(err)
	w.client = client.New(settings.URL, w.tokens, fetch.Registers(nil))
	w.forward = &events.Forward{DB: w.DB, To: w.client, Clock: w.Clock, Log: slog.New(slog.DiscardHandler)}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// happens puts an event in the outbox, as published on the event bus.
func (w *world) happens(caseRef, what string) {
	w.t.Helper()
	ctx := w.t.Context()
	w.must(w.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := w.Outbox.Append(ctx, tx, events.Happened{Type: what, Case: caseRef, TimeClass: eventbus.Machine})
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE event_outbox SET state = 'published'`)
		}
		return err
	}))
}

// arrived are the types of the events that Altinn has, in order, by case.
func (w *world) arrived() map[string][]string {
	w.t.Helper()
	answer, err := http.Get(w.url + "/events")
	w.must(err)
	defer func() { _ = answer.Body.Close() }()
	var all []struct{ Type, ResourceInstance string }
	w.must(json.NewDecoder(answer.Body).Decode(&all))
	byCase := map[string][]string{}
	for _, one := range all {
		byCase[one.ResourceInstance] = append(byCase[one.ResourceInstance], strings.TrimSuffix(strings.TrimPrefix(one.Type, "no.kompetansespor."), ".v1"))
	}
	return byCase
}

func (w *world) steps() error {
	for range 20 {
		busy, err := w.forward.Step(w.t.Context())
		if err != nil || !busy {
			return err
		}
	}
	w.t.Fatal("never idle")
	return nil
}

func TestEventsReachAltinnInTheOrderOfTheirCase(t *testing.T) {
	w := open(t, client.Scope)
	for _, one := range []struct{ caseRef, what string }{
		{"case_1", "application.submitted"}, {"case_2", "application.submitted"}, {"case_1", "decision.made"}, {"case_1", "case.completed"},
	} {
		w.happens(one.caseRef, one.what)
	}
	w.must(w.steps())
	w.must(w.steps())
	got := w.arrived()
	if !slices.Equal(got["case_1"], []string{"application.submitted", "decision.made", "case.completed"}) || len(got["case_2"]) != 1 {
		t.Error(got)
	}
}

func TestAltinnThatIsDownGetsEverythingLater(t *testing.T) {
	w := open(t, client.Scope)
	w.happens("case_1", "application.submitted")
	w.happens("case_1", "decision.made")
	w.must(w.altinn.SetMode("down"))
	if err := w.steps(); fault.KindOf(err) != fault.Unavailable {
		t.Fatal(err)
	}
	w.must(w.altinn.SetMode("slow"))
	w.must(w.steps())
	if got := w.arrived()["case_1"]; len(got) != 2 {
		t.Error(got)
	}
}

// What waits for the event bus has not happened for the world outside either.
func TestEventThatIsNotPublishedWaits(t *testing.T) {
	w := open(t, client.Scope)
	w.happens("case_1", "application.submitted")
	w.must(w.DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE event_outbox SET state = 'waiting'`)
		return err
	}))
	w.must(w.steps())
	if got := w.arrived(); len(got) != 0 {
		t.Error(got)
	}
}

func TestRefusedEventIsPassedOver(t *testing.T) {
	w := open(t, client.Scope)
	w.happens("case_1", "application.submitted")
	w.must(w.altinn.SetMode("wrong"))
	w.must(w.steps())
	w.must(w.altinn.SetMode("ok"))
	w.happens("case_1", "decision.made")
	w.must(w.steps())
	if got := w.arrived()["case_1"]; !slices.Equal(got, []string{"decision.made"}) {
		t.Error(got)
	}
}

func TestClientWithoutTheScopeWaits(t *testing.T) {
	w := open(t, "altinn:events.subscribe")
	w.happens("case_1", "application.submitted")
	if err := w.steps(); err == nil {
		t.Fatal("published without the scope")
	}
	if got := w.arrived(); len(got) != 0 {
		t.Error(got)
	}
}

func TestSubscriberIsAskedAndThenTold(t *testing.T) {
	w := open(t, client.Scope, "altinn:events.subscribe")
	var mu sync.Mutex
	var told []string
	subscriber := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		var e struct{ Type string }
		_ = json.Unmarshal(raw, &e)
		mu.Lock()
		defer mu.Unlock()
		told = append(told, e.Type)
	}))
	t.Cleanup(subscriber.Close)
	token, err := w.tokens.Token(t.Context(), "altinn:events.subscribe")
	w.must(err)
	subscribe := func(endPoint string) int {
		body := `{"endPoint":"` + endPoint + `","resourceFilter":"` + eventbus.Resource + `","typeFilter":"no.kompetansespor.decision.made.v1"}`
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/subscriptions", strings.NewReader(body))
		w.must(err)
		request.Header.Set("Authorization", "Bearer "+token)
		answer, err := http.DefaultClient.Do(request)
		w.must(err)
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if got := subscribe("http://192.0.2.1/x"); got != http.StatusBadRequest {
		t.Errorf("an end point elsewhere: %d", got)
	}
	if got := subscribe(subscriber.URL); got != http.StatusCreated {
		t.Fatal(got)
	}
	w.happens("case_1", "application.submitted")
	w.happens("case_1", "decision.made")
	w.must(w.steps())
	mu.Lock()
	defer mu.Unlock()
	if !slices.Equal(told, []string{"platform.events.validatesubscription", "no.kompetansespor.decision.made.v1"}) {
		t.Error(told)
	}
}

func TestAltinnTakesNothingMalformed(t *testing.T) {
	w := open(t, client.Scope)
	w.happens("case_1", "application.submitted")
	var payload []byte
	w.must(w.DB.Read().QueryRowContext(t.Context(), `SELECT payload FROM event_outbox`).Scan(&payload))
	for old, wrong := range map[string]string{
		`"specversion":"1.0"`: `"specversion":"0.3"`, `"urn:altinn:resource:`: `"urn:other:`, `"source":"https:`: `"source":"::`, `"id":"`: `"nid":"`,
	} {
		if !strings.Contains(string(payload), old) {
			t.Fatalf("the event has no %s", old)
		}
		err := w.client.Publish(t.Context(), []byte(strings.Replace(string(payload), old, wrong, 1)))
		if fault.RuleOf(err) != "altinn.refused" {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.client.Publish(ctx, payload); err == nil {
		t.Error("published after the caller had gone")
	}
}
