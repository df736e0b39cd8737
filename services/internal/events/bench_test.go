package events_test

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// threeServers are an event bus of three servers that sync always, in this process.
type threeServers struct {
	urls      []string
	passwords map[string]string
	pool      *x509.CertPool
}

func startThreeServers(b *testing.B) threeServers {
	b.Helper()
	layout, err := devsetup.Prepare(b.TempDir(), devsetup.Options{FreePorts: true})
	check(b, err)
	passwords, err := layout.NATS.ReadPasswords()
	check(b, err)
	certificate, err := tls.LoadX509KeyPair(layout.NATS.CertFile, layout.NATS.KeyFile)
	check(b, err)
	authority, err := os.ReadFile(layout.CAFile)
	check(b, err)
	s := threeServers{passwords: passwords, pool: x509.NewCertPool()}
	s.pool.AppendCertsFromPEM(authority)
	routes := make([]string, 3)
	for i := range routes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		check(b, err)
		routes[i] = l.Addr().String()
		check(b, l.Close())
	}
	for i, route := range routes {
		server, err := eventbus.StartServer(eventbus.ServerConfig{
			Listen: "127.0.0.1:0", StoreDir: filepath.Join(b.TempDir(), strconv.Itoa(i)),
			Certificate: func() (*tls.Certificate, error) { return &certificate, nil },
			Topology:    eventbus.Standard(3), Passwords: passwords,
			Cluster: &eventbus.Member{Name: fmt.Sprint("nats-", i+1), Listen: route, Peers: routes, Secret: passwords[eventbus.AdminUser], Authorities: s.pool},
		})
		check(b, err)
		b.Cleanup(server.Stop)
		s.urls = append(s.urls, server.URL())
	}
	admin := eventbus.NewAdmin(s.as(b, eventbus.AdminUser))
	deadline := time.Now().Add(time.Minute)
	for {
		ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
		_, err := admin.Reconcile(ctx, eventbus.Standard(3))
		cancel()
		if err == nil {
			return s
		}
		if time.Now().After(deadline) {
			b.Fatal(err)
		}
	}
}

func (s threeServers) as(b *testing.B, user string) *eventbus.Conn {
	b.Helper()
	conn, err := eventbus.Connect(eventbus.Config{URL: s.urls[0], User: user, Password: s.passwords[user], CA: s.pool})
	check(b, err)
	b.Cleanup(conn.Close)
	return conn
}

// BenchmarkEventsThroughThreeServers is how many events a second a stream takes that
// three servers keep and sync (raw), and how many go from a change in one service's
// database through it into what another service's database has acted on.
func BenchmarkEventsThroughThreeServers(b *testing.B) {
	servers := startThreeServers(b)
	payload := message(b, made("e", "case_0", 1, "0")).Data
	for _, atOnce := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("raw-%d-at-once", atOnce), func(b *testing.B) {
			publisher := eventbus.NewPublisher(servers.as(b, "police"), "police")
			run := strconv.FormatInt(time.Now().UnixNano(), 36)
			var next atomic.Int64
			b.ResetTimer()
			check(b, runner.Each(b.Context(), atOnce, make([]struct{}, atOnce), func(ctx context.Context, _ struct{}) error {
				for {
					n := int(next.Add(1)) - 1
					if n >= b.N {
						return nil
					}
					id := run + "." + strconv.Itoa(n)
					if _, err := publisher.Publish(ctx, eventbus.Subject("police", "case_"+id), id, payload, 0); err != nil {
						return err
					}
				}
			}))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	b.Run("from-change-to-change", func(b *testing.B) { throughThreeServers(b, servers) })
}

// perCase is how many events each case has.
const perCase = 4

func throughThreeServers(b *testing.B, servers threeServers) {
	acted := sqldb.Migrations{Name: "acted", Files: actedFiles}
	from, err := sqldb.Open(b.Context(), "sqlite", filepath.Join(b.TempDir(), "from.db"), events.Migrations())
	check(b, err)
	defer func() { _ = from.Close() }()
	to, err := sqldb.Open(b.Context(), "sqlite", filepath.Join(b.TempDir(), "to.db"), events.Migrations(), acted)
	check(b, err)
	defer func() { _ = to.Close() }()
	log := slog.New(slog.DiscardHandler)
	bell := runner.NewBell()
	outbox := &events.Outbox{Producer: "verifier", Source: "https://verifier.example", Clock: clock.System{}, Random: rand.Reader, Bell: bell}
	relay := &events.Relay{DB: from, Producer: "verifier", To: eventbus.NewPublisher(servers.as(b, "verifier"), "verifier"), Clock: clock.System{}, Log: log}
	var done atomic.Int64
	ctx, stop := context.WithCancel(b.Context())
	inbox := &events.Inbox{
		DB: to, Producer: "verifier", From: eventbus.NewConsumer(servers.as(b, "tax"), "tax", "verifier"), Clock: clock.System{}, Log: log, Wait: time.Second,
		Handlers: map[string]events.Handler{"decision.made": func(ctx context.Context, tx *sqldb.Tx, event *eventbus.Event) error {
			if err := act(ctx, tx, event); err != nil {
				return err
			}
			tx.OnCommit(func() {
				if done.Add(1) == int64(b.N) {
					stop()
				}
			})
			return nil
		}},
	}
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	var next atomic.Int64
	b.ResetTimer()
	jobs := make([]func() error, 0, 18)
	for range 16 { // those in whose changes events happen
		jobs = append(jobs, func() error {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N || ctx.Err() != nil {
					return nil
				}
				err := from.Tx(b.Context(), func(tx *sqldb.Tx) error {
					_, err := outbox.Append(b.Context(), tx, happened(fmt.Sprintf("case_%s_%d", run, n/perCase), strconv.Itoa(n)))
					return err
				})
				if err != nil {
					return err
				}
			}
		})
	}
	jobs = append(jobs, func() error {
		runner.Run(ctx, log,
			runner.Job{Name: "publish", Step: relay.Step, Idle: time.Second, Bell: bell},
			runner.Job{Name: "take", Step: inbox.Step, Idle: time.Millisecond})
		return nil
	})
	check(b, runner.Each(b.Context(), len(jobs), jobs, func(_ context.Context, job func() error) error { return job() }))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	if got := done.Load(); got != int64(b.N) {
		b.Fatalf("%d of %d events were acted on", got, b.N)
	}
}
