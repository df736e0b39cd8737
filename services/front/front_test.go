package front

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/pagetest"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// nobody is a system in which no service answers.
func nobody(t *testing.T) (*Front, *pagetest.Site, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	silent := demo.Place{Address: "127.0.0.1:1", Host: "silent.example"}
	f, err := Open(Config{
		Context: ctx,
		Target: demo.Target{
			Registry: silent, Issuer: silent, Wallet: silent, Verifier: silent, Police: silent, Tax: silent, Bank: silent,
		},
		Person:  func() (demo.Input, error) { return demo.Input{}, nil },
		Portals: []Portal{{Service: "issuer", URL: "http://issuer.localhost:7100", People: []Person{{Name: "<b>Kari</b>", About: "signs offers"}}}},
		Page:    page.Portal{Clock: clock.System{}, Random: rand.Reader},
		Pause:   func(ctx context.Context) error { return ctx.Err() },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, pagetest.Serve(t, &f.cfg.Page, f.Pages()), cancel
}

func TestPageStandsWhenEveryServiceIsSilent(t *testing.T) {
	_, site, _ := nobody(t)
	shown := site.Open(t).Get("/").Is(http.StatusOK).Wants("Arbeidsgiver", "svarer ikke nå", "<b>Kari</b>")
	if strings.Contains(shown.Raw, "<b>Kari") {
		t.Error("a name is not escaped")
	}
}

func TestOneCaseRunsAtATimeAndAFailureIsSaid(t *testing.T) {
	f, site, stop := nobody(t)
	b := site.Open(t)
	b.Get("/").Submit("/run").Is(http.StatusOK).Wants("Saken til Lisa", "Pågår")
	if f.begin() {
		t.Fatal("a second case began beside the first")
	}
	stop()
	f.running.Wait()
	b.Get("/").Wants("Saken stanset")
	if !f.begin() {
		t.Error("nothing can be run after a failure")
	}
}

func TestRunOfAnotherSiteIsRefused(t *testing.T) {
	f, site, _ := nobody(t)
	b := site.Open(t)
	b.Header.Set("Sec-Fetch-Site", "cross-site")
	b.Post("/run", nil).Is(http.StatusForbidden)
	if f.seen(t.Context()).Run != nil {
		t.Error("it ran")
	}
}

func TestStagesFollowTheRun(t *testing.T) {
	r := &Run{Stage: demo.Decide}
	for stage, want := range map[demo.Stage]string{demo.Sign: "done", demo.Pay: "done", demo.Decide: "now", demo.Finish: "later"} {
		if got := r.stateOf(stage); got != want {
			t.Errorf("%s is %s, want %s", stage, got, want)
		}
	}
	if r.Failed = true; r.stateOf(demo.Decide) != "stopped" {
		t.Error("a failed stage is not shown as stopped")
	}
	if done := (&Run{Ended: true, Took: time.Second}); done.stateOf(demo.Finish) != "done" || done.active() != "" {
		t.Error("a run that is over still goes on")
	}
}

func TestNoTextInCodeAndNoneUnused(t *testing.T) {
	all, err := page.WithCommon(written)
	if err != nil {
		t.Fatal(err)
	}
	own, err := texts.Load(written)
	if err != nil {
		t.Fatal(err)
	}
	pagetest.CheckTexts(t, ".", all, own)
}
