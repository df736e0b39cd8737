package virtual

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/standins"
)

// Stage is a data directory in which runs take place, one after the other: each
// begins with the databases and keys as they were when every service had started
// once.
type Stage struct{ layout *devsetup.Layout }

// Open prepares a stage in the directory of a layout, by starting every service
// once.
func Open(ctx context.Context, layout *devsetup.Layout, cfg Config) (*Stage, error) {
	s := &Stage{layout: layout}
	hooked()
	w, err := s.world(ctx, cfg)
	if err != nil {
		return nil, err
	}
	err = errors.Join(w.start(), w.close())
	for _, dir := range s.kept() {
		err = errors.Join(err, os.CopyFS(dir+before, os.DirFS(dir)))
	}
	if err != nil {
		return nil, fmt.Errorf("prepare simulated runs: %w", err)
	}
	return s, nil
}

// before ends the name of a folder as every run begins with it.
const before = ".before"

// kept are the folders that a run changes.
func (s *Stage) kept() []string {
	all := []string{s.layout.StandIns.Dir}
	for _, name := range devsetup.Services() {
		all = append(all, s.layout.Services[name].DataDir)
	}
	return all
}

// reset makes the folders as they were before.
func (s *Stage) reset() error {
	for _, dir := range s.kept() {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("begin a simulated run: %w", err)
		}
		if err := os.CopyFS(dir, os.DirFS(dir+before)); err != nil {
			return fmt.Errorf("begin a simulated run: %w", err)
		}
	}
	return nil
}

// world makes a world in which nothing runs yet.
func (s *Stage) world(ctx context.Context, cfg Config) (*world, error) {
	w := &world{
		Config: cfg, ctx: ctx, layout: s.layout, logs: &logs{}, trace: newTrace(cfg.Trace),
		report: &Report{Seed: cfg.Seed, Cases: len(cfg.Persons), Breaches: []string{}},
		time:   &Time{now: cfg.Begin}, fate: rand.New(rand.NewPCG(cfg.Seed, 2)),
		processes: map[string]*process{}, hosts: map[string]string{},
		cuts: map[between]cut{}, twice: map[between]time.Time{}, refused: map[string]int{},
	}
	w.scheduler = &scheduler{time: w.time, random: rand.New(rand.NewPCG(cfg.Seed, 1))}
	w.bus = &JetStream{
		Clock: w.time, Fail: w.failing,
		Wait: func(until time.Time) func() {
			t := w.scheduler.sleep(until)
			return func() { w.scheduler.wake(t) }
		},
		Tell: func(subject string, place uint64) { w.trace.note(w.time.now, "%s holds %d", subject, place) },
	}
	for _, name := range devsetup.Services() {
		p, err := w.newProcess(s.layout.Services[name], cfg.Programs[name])
		if err != nil {
			return nil, err
		}
		w.processes[name], w.hosts[p.layout.Host] = p, name
	}
	w.hosts[devsetup.SchemaHost] = "registry"
	w.hosts[s.layout.StandIns.Addr] = standIns
	var seed [32]byte
	copy(seed[:], fmt.Sprintf("%020dstand-ins", cfg.Seed))
	outside, err := standins.Open(ctx, standins.Config{URL: s.layout.StandIns.URL, Dir: s.layout.StandIns.Dir, Clock: w.time, Random: rand.NewChaCha8(seed)})
	if err != nil {
		return nil, fmt.Errorf("open the registers: %w", err)
	}
	w.outside = outside
	at.set(w)
	return w, nil
}

// at is the world whose databases are open: SQLite asks it about commits.
var at atOne

type atOne struct {
	mu    sync.Mutex
	world *world // guarded by mu
}

func (a *atOne) set(w *world) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.world = w
}

func (a *atOne) get() *world {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.world
}

// hooked has SQLite tell of each connection from now on.
var hooked = sync.OnceFunc(func() { sqlite.RegisterConnectionHook(turnBack) })

// turnBack has SQLite ask at each commit of a service's database whether it may be
// made: a commit that is turned back has failed, and nothing of it is there.
func turnBack(conn sqlite.ExecQuerierContext, dsn string) error {
	hooks, ok := conn.(sqlite.HookRegisterer)
	w := at.get()
	file, err := url.Parse(dsn)
	if !ok || w == nil || err != nil || strings.Contains(file.RawQuery, "query_only") {
		return nil
	}
	path := file.Path
	if path == "" {
		path = file.Opaque
	}
	dir := filepath.Dir(path)
	hooks.RegisterCommitHook(func() int32 {
		if w.refuses(dir) {
			return 1
		}
		return 0
	})
	return nil
}

// logs are the services' log lines.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
