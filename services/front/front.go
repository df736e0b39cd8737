// Package front is the first page of a development system: the whole chain as a
// picture with live counters, the way into every portal, and a case to watch. It is
// a client of the services' public contracts, like the demo that it watches.
package front

import (
	"context"
	"embed"
	"net/http"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/demo"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

//go:embed texts/*.yaml
var written embed.FS

// Config is what the front page needs.
type Config struct {
	// Context ends what the page has begun; the page waits for it in Close.
	Context context.Context
	Target  demo.Target
	// Person is whose case is run, with dates from today.
	Person func() (demo.Input, error)
	// Portals are the ways in, in the order of the journey.
	Portals []Portal
	// Portal has clock and randomness; the rest is set here.
	Page page.Portal
	// Pause waits before each stage of a watched case, so that it can be followed.
	Pause func(context.Context) error
}

// Portal is the way into one service.
type Portal struct {
	// Service names it: registry, issuer, wallet, verifier, police, tax or bank.
	Service, URL string
	People       []Person
}

// Person is somebody to sign in as.
type Person struct{ Name, About string }

// Front is the page.
type Front struct {
	cfg   Config
	count *counters

	mu      sync.Mutex // guards run
	run     *Run       // the last; nil before the first
	running sync.WaitGroup
}

// Open makes the page. Close it.
func Open(cfg Config) (*Front, error) {
	all, err := page.WithCommon(written)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation("Europe/Oslo")
	if err != nil {
		return nil, err
	}
	cfg.Page.Title, cfg.Page.Home, cfg.Page.Look = "front.title", "/", page.LookDesk
	cfg.Page.Texts, cfg.Page.Usual, cfg.Page.Zone = all, texts.Bokmål, zone
	count, err := dial(cfg.Target, cfg.Page.Clock)
	if err != nil {
		return nil, err
	}
	return &Front{cfg: cfg, count: count}, nil
}

// Close ends a case that is under way, and lets go of the connections. The
// context must have ended.
func (f *Front) Close() error {
	f.running.Wait()
	return f.count.close()
}

// Pages are the page and its parts.
func (f *Front) Pages() page.Table {
	return page.Table{
		"GET /{$}":  {Do: f.show},
		"GET /live": {Do: f.live, Live: true},
		"POST /run": {Do: f.start},
	}
}

// Handler serves the page.
func (f *Front) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range f.cfg.Page.Routes(f.Pages()) {
		mux.Handle(pattern, handler)
	}
	return mux
}

func (f *Front) show(c *page.Call) error {
	return c.Show(front(c, f.seen(c.R.Context()), f.cfg.Portals))
}
