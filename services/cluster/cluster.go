// Package cluster runs everything as processes on one machine, for trying it and
// for fault runs: one of each, or two replicas of each service behind a proxy,
// PostgreSQL with two synchronous standbys, three servers of the event bus, and
// Redis. All listen on loopback. Who dies is started again, as a machine's service
// manager would.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// Config says what to run.
type Config struct {
	// Layout says what there is: a cluster when it was prepared as one.
	Layout *devsetup.Layout
	// Program is this program: it runs services, event bus and stand-ins.
	Program string
	// Prepare makes roles, schemas and streams of a cluster once its servers stand.
	// The URL is the administrator's of PostgreSQL.
	Prepare func(ctx context.Context, postgresURL string) error
	// Logs takes what every process says.
	Logs io.Writer
}

// Missing names the Debian packages of programs that are not installed.
func Missing() (packages []string) {
	if _, err := postgresPrograms(); err != nil {
		packages = append(packages, "postgresql")
	}
	for program, name := range map[string]string{"redis-server": "redis-server", "haproxy": "haproxy"} {
		if _, err := find(program); err != nil {
			packages = append(packages, name)
		}
	}
	return packages
}

// Run starts everything, and stops everything again when ctx ends.
func Run(ctx context.Context, cfg Config) error {
	if missing := Missing(); cfg.Layout.Cluster != nil && len(missing) > 0 {
		return fmt.Errorf("not installed: %v (Debian packages of these names)", missing)
	}
	// What others stand on is stopped last.
	below, stopBelow := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBelow()
	r := &runner{Config: cfg}
	r.above.Group, r.above.ctx = errgroup.WithContext(ctx)
	r.below.Group, r.below.ctx = errgroup.WithContext(below)
	r.above.Go(func() error {
		r.program(&r.above, "stand-ins", "stand-ins", "--listen", cfg.Layout.StandIns.Addr, "--data", cfg.Layout.StandIns.Dir)
		if cfg.Layout.Cluster == nil {
			r.single()
			return nil
		}
		return r.cluster(r.above.ctx)
	})
	err := r.above.Wait()
	stopBelow()
	return errors.Join(err, r.below.Wait())
}

// runner starts what belongs to a cluster: services and what stands before them
// above, what they stand on below.
type runner struct {
	Config
	above, below tier
}

// tier is a group of processes that ends with its context.
type tier struct {
	*errgroup.Group
	ctx context.Context
}

// single starts one of each.
func (r *runner) single() {
	r.program(&r.below, "nats", "nats", "--data", r.Layout.Dir)
	for _, name := range devsetup.Services() {
		r.program(&r.above, name, name, "--config", r.Layout.Services[name].ConfigFile)
	}
}

// cluster starts what there is more of than one.
func (r *runner) cluster(ctx context.Context) error {
	c := r.Layout.Cluster
	for i := range c.NATS {
		r.program(&r.below, c.NATS[i].Name, "nats", "--data", r.Layout.Dir, "--member", strconv.Itoa(i+1))
	}
	if err := r.redis(); err != nil {
		return err
	}
	if err := r.postgres(ctx); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := r.Prepare(ctx, c.AdminURL()); err != nil {
		return err
	}
	if err := r.proxy(); err != nil {
		return fmt.Errorf("start the proxy: %w", err)
	}
	for _, one := range c.Replicas {
		r.program(&r.above, one.Name, one.Service.Name, "--config", one.ConfigFile)
	}
	return nil
}

// program keeps a process of this program running.
func (r *runner) program(in *tier, name string, args ...string) {
	r.keep(in, name, func() *exec.Cmd { return exec.Command(r.Program, args...) })
}

func (r *runner) redis() error {
	server, err := find("redis-server")
	if err != nil {
		return err
	}
	_, port, err := split(r.Layout.Cluster.RedisAddr)
	if err != nil {
		return err
	}
	r.keep(&r.below, "redis", func() *exec.Cmd {
		return exec.Command(server, "--bind", "127.0.0.1", "--port", port, "--dir", r.Layout.Cluster.RedisDir, "--save", "", "--appendonly", "no")
	})
	return nil
}

// Names are the processes of a layout, by what they are: service, nats,
// postgres, redis. The first PostgreSQL is the primary.
func Names(layout *devsetup.Layout) map[string][]string {
	if layout.Cluster == nil {
		return map[string][]string{"service": devsetup.Services(), "nats": {"nats"}}
	}
	names := map[string][]string{"redis": {"redis"}}
	for _, r := range layout.Cluster.Replicas {
		names["service"] = append(names["service"], r.Name)
	}
	for _, m := range layout.Cluster.NATS {
		names["nats"] = append(names["nats"], m.Name)
	}
	for _, d := range layout.Cluster.Postgres {
		names["postgres"] = append(names["postgres"], d.Name)
	}
	return names
}

// ServiceOf is the service that a process of Names runs: issuer for issuer-2.
func ServiceOf(name string) string {
	service, _, _ := strings.Cut(name, "-")
	return service
}

// find looks for a program, also where only root's path leads.
func find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		path := filepath.Join(dir, program)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New(program + " is not installed")
}
