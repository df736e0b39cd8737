package backup

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

var counted = sqldb.Migrations{Name: "counted", Files: fstest.MapFS{"00001_counted.sql": {Data: []byte(
	"-- +goose Up\nCREATE TABLE counted (id BIGINT NOT NULL PRIMARY KEY, value BIGINT NOT NULL);\nINSERT INTO counted VALUES (1, 0);\n")}}}

// pair is two services of one engine, the second of which only counts what the first
// has counted.
type pair struct {
	cfg Config
	dbs map[string]*sqldb.DB
}

const first, second = "backup_first", "backup_second"

func open(t *testing.T) *pair {
	t.Helper()
	driver, _ := testkit.Source(t)
	p := &pair{cfg: Config{Dir: filepath.Join(t.TempDir(), "copy"), Now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Random: rand.Reader}, dbs: map[string]*sqldb.DB{}}
	if driver == "postgres" {
		p.cfg.Admin = testkit.PostgresDatabase(t)
		admin, err := sql.Open("pgx", p.cfg.Admin)
		if err != nil {
			t.Fatal(err)
		}
		for _, service := range []string{first, second} {
			if err := sqldb.Bootstrap(t.Context(), admin, service, "secret"); err != nil {
				t.Fatal(err)
			}
		}
		if err := admin.Close(); err != nil {
			t.Fatal(err)
		}
	}
	folder := t.TempDir()
	for _, service := range []string{first, second} {
		s := Source{Service: service, Driver: driver, MasterKey: []byte("master key of " + service)}
		if driver == "sqlite" {
			s.Path = filepath.Join(folder, service+".db")
		}
		p.cfg.Sources = append(p.cfg.Sources, s)
	}
	p.start(t)
	return p
}

// source is how a service, or its schema's owner, opens its database.
func (p *pair) source(t *testing.T, s Source, role string) string {
	t.Helper()
	if s.Driver == "sqlite" {
		return s.Path
	}
	u, err := url.Parse(p.cfg.Admin)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", s.Service)
	if role == s.Service {
		u.User = url.UserPassword(role, "secret")
	} else {
		query.Set("role", role)
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// start opens both databases as the services do.
func (p *pair) start(t *testing.T) {
	t.Helper()
	for _, s := range p.cfg.Sources {
		if _, err := sqldb.Migrate(t.Context(), s.Driver, p.source(t, s, sqldb.Owner(s.Service)), counted); err != nil {
			t.Fatal(err)
		}
		db, err := sqldb.Open(t.Context(), s.Driver, p.source(t, s, s.Service), counted)
		if err != nil {
			t.Fatal(err)
		}
		p.dbs[s.Service] = db
	}
	t.Cleanup(p.stop)
}

func (p *pair) stop() {
	for name, db := range p.dbs {
		_ = db.Close()
		delete(p.dbs, name)
	}
}

func (p *pair) count(ctx context.Context, service string) error {
	return p.dbs[service].Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE counted SET value = value + 1 WHERE id = 1`)
		return err
	})
}

func (p *pair) value(t *testing.T, service string) (n int64) {
	t.Helper()
	if err := p.dbs[service].Read().QueryRowContext(t.Context(), `SELECT value FROM counted WHERE id = 1`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A copy that is taken while both count is of one instant: the second never has more
// than the first. What was counted since is gone after it is restored, and counting
// goes on.
func TestCopyIsOfOneInstant(t *testing.T) {
	p := open(t)
	var counts atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			for _, service := range []string{first, second} {
				if err := p.count(context.WithoutCancel(ctx), service); err != nil {
					ended <- err
					return
				}
				counts.Add(1)
			}
		}
		ended <- nil
	}()
	for counts.Load() < 20 {
		runtime.Gosched()
	}
	_, err := Take(t.Context(), p.cfg)
	ok(t, err)
	for at := counts.Load(); counts.Load() < at+20; {
		runtime.Gosched()
	}
	cancel()
	ok(t, <-ended)
	lost := p.value(t, first)

	if _, err := Restore(t.Context(), p.cfg); fault.RuleOf(err) != "backup.running" {
		t.Errorf("a database in use: %v", err)
	}
	p.stop()
	_, err = Restore(t.Context(), p.cfg)
	ok(t, err)
	p.start(t)
	a, b := p.value(t, first), p.value(t, second)
	if a < 10 || a >= lost || b > a || b < a-1 {
		t.Errorf("the copy has %d and %d; %d were counted", a, b, lost)
	}
	ok(t, p.count(t.Context(), first))
	ok(t, p.count(t.Context(), second))
	if p.value(t, first) != a+1 || p.value(t, second) != b+1 {
		t.Error("counting does not go on")
	}
}

// A copy that is not whole, or does not belong there, is refused before anything is
// touched.
func TestCopyThatDoesNotFitIsRefused(t *testing.T) {
	p := open(t)
	ok(t, p.count(t.Context(), first))
	m, err := Take(t.Context(), p.cfg)
	ok(t, err)
	if _, err := Take(t.Context(), p.cfg); fault.RuleOf(err) != "backup.exists" {
		t.Errorf("a folder that is there: %v", err)
	}
	ok(t, p.count(t.Context(), first))
	p.stop()
	half, other, engine := p.cfg, p.cfg, p.cfg
	half.Sources = half.Sources[:1]
	other.Sources = append([]Source{}, other.Sources...)
	other.Sources[1].MasterKey = []byte("another")
	engine.Sources = []Source{{Service: first, Driver: "sqlite"}, {Service: second, Driver: "postgres"}}
	for rule, cfg := range map[string]Config{"backup.services": half, "backup.master-key": other, "backup.engines": engine, "backup.nothing": {}} {
		if _, err := Restore(t.Context(), cfg); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	for name := range m.Files {
		file := filepath.Join(p.cfg.Dir, name)
		content, err := os.ReadFile(file)
		ok(t, err)
		content[len(content)/2] ^= 1
		ok(t, os.WriteFile(file, content, 0o600))
		break
	}
	if _, err := Restore(t.Context(), p.cfg); fault.RuleOf(err) != "backup.damaged" {
		t.Errorf("a flipped bit: %v", err)
	}
	p.start(t)
	if n := p.value(t, first); n != 2 {
		t.Errorf("a refused copy was restored: %d", n)
	}
}
