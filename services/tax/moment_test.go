package tax

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/harness"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/inbox"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/store"
)

// views are those of one worker's case.
type views struct{}

func (views) View(_ context.Context, caseRef string) (onboarding.View, error) {
	view := harness.View(caseRef)
	for i, c := range view.Claims {
		if c.Path == "family_name" {
			view.Claims[i].Value = "Johnson " + map[bool]string{true: "First", false: "Second"}[caseRef == "case_1"]
		}
	}
	return view, nil
}

// newDesk is the desk as the service wires it, without its listeners. Without a
// clock it has the harness's.
func newDesk(t *testing.T, register desk.Register, views onboarding.Views, c clock.Clock, told *runner.Bell) (*harness.Harness, *desk.Desk) {
	t.Helper()
	h := harness.Open(t, "tax", onboarding.Migrations(), store.Migrations())
	parameters, err := registration.LoadParameters()
	if err != nil {
		t.Fatal(err)
	}
	fingerprint, err := onboarding.OpenFingerprint(t.Context(), h.DB, h.Book.KeyStore(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c == nil {
		c = h.Clock
	}
	d := desk.New(desk.Config{
		DB: h.DB, Store: store.Store{Sealer: h.Book.KeyStore(), Fingerprint: fingerprint}, Register: register, Issuer: h.Issuer,
		Outbox: &events.Outbox{Producer: "tax", Source: "https://tax.kompetansespor.example", Clock: h.Clock, Random: rand.Reader, Bell: told},
		Clock:  c, Random: rand.Reader, Log: slog.New(slog.DiscardHandler), Parameters: parameters, Mode: identifier.Synthetic, DID: h.DID,
	})
	d.Cases = onboarding.New(onboarding.Config{
		DB: h.DB, Views: views, Verb: d.Assign, Sealer: h.Book.KeyStore(), Clock: c, Log: slog.New(slog.DiscardHandler),
	})
	return h, d
}

// Nothing waits for a timer: with the runner as in the service, a number is there
// a moment after the identity is verified, from either register. The bound is far
// above what it takes, for machines that are busy; the log says what it took.
func TestNumberComesAMomentAfterTheIdentity(t *testing.T) {
	const bound = 2 * time.Second
	for name, open := range adapters {
		t.Run(name, func(t *testing.T) {
			// The outbox's bell says when an event is there to be published.
			told := runner.NewBell()
			h, d := newDesk(t, open(t), views{}, clock.System{}, told)
			ctx, stop := context.WithCancel(t.Context())
			assigned, seen := make(chan struct{}, 2), map[string]bool{}
			watch := runner.Job{Name: "watch", Idle: time.Hour, Bell: told, Step: func(context.Context) (bool, error) {
				for _, ref := range []string{"case_1", "case_2"} {
					if !seen[ref] && slices.Contains(h.Events(t, ref), eventbus.TypeOf("identifier.assigned")) {
						seen[ref] = true
						assigned <- struct{}{}
					}
				}
				return false, nil
			}}
			var running sync.WaitGroup
			running.Go(func() {
				runner.Run(ctx, slog.New(slog.DiscardHandler), append(append(d.Cases.Jobs(), d.Jobs()...), watch)...)
			})
			defer running.Wait()
			defer stop()
			tell := func(producer, name, caseRef string, data map[string]any) {
				t.Helper()
				err := h.DB.Tx(ctx, func(tx *sqldb.Tx) error {
					return inbox.Handlers(d)[producer][name](ctx, tx, &eventbus.Event{Type: eventbus.TypeOf(name), Case: caseRef, Data: data})
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			// The first case of a process also compiles schemas and opens keys.
			for _, ref := range []string{"case_1", "case_2"} {
				tell("verifier", "decision.made", ref, map[string]any{"outcome": "GRANTED"})
				begin := time.Now()
				tell("police", "identity.verified", ref, map[string]any{"performed_at": "2026-11-23T09:00:00Z", "level": "IN_PERSON"})
				select {
				case <-assigned:
					t.Logf("%s, %s: %s from the identity to the number", name, ref, time.Since(begin).Round(time.Millisecond))
				case <-time.After(bound):
					t.Fatalf("%s: no number within %s", ref, bound)
				}
			}
		})
	}
}
