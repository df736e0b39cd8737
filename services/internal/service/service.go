// Package service is what every service is made of: its database, keys,
// DIDComm agent, event bus, listeners and background work, opened from its
// configuration and stopped in order. It knows no service's domain: each
// <service>.go adds its own parts.
package service

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"

	"github.com/kompetansespor/kompetansespor/services/internal/agent"
	"github.com/kompetansespor/kompetansespor/services/internal/altinn"
	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/fetch"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
	"github.com/kompetansespor/kompetansespor/services/internal/resolver"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/trust"
	"github.com/kompetansespor/kompetansespor/services/internal/verification"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
)

// Service holds what was opened. All of it is safe for concurrent use.
type Service struct {
	Config    config.Common
	Clock     clock.Clock
	Random    io.Reader
	Telemetry *telemetry.Telemetry
	Log       *slog.Logger
	DB        *sqldb.DB
	Cache     cache.Cache
	Fetch     *fetch.Client
	Registers *http.Client // for registers and providers outside
	Resolver  *resolver.Resolver
	Status    *statuslist.Checker
	Book      *identity.Book
	Agent     *agent.Agent
	Lists     *statuslist.Lists
	Outbox    *events.Outbox

	world        World
	certificates *rpc.Certificates
	bus          Bus            // nil: none
	altinn       *altinn.Client // nil: events stay on the event bus
	peers        []io.Closer
}

const (
	// statusLifetime is how long a published status list is valid.
	statusLifetime = 5 * time.Minute
	// statusKept is how long another's list is kept at most: as long as a DID
	// document is remembered.
	statusKept = time.Minute
	// trustKept is how long the trust list is, where nothing is decided.
	trustKept = 10 * time.Second
)

// Schema are the migrations of what every service is made of, and a service's
// own.
func Schema(own ...sqldb.Migrations) []sqldb.Migrations {
	return append([]sqldb.Migrations{
		epoch.Migrations(), identity.Migrations(), agent.Migrations(), events.Migrations(), statuslist.Migrations(), issuance.Migrations(),
	}, own...)
}

// Waiting is what waits in every service, and in a service's own tables.
func Waiting(own ...waiting.Source) waiting.Source {
	return waiting.All(append([]waiting.Source{agent.Waiting(), events.Waiting()}, own...)...)
}

// Open opens everything that the configuration names, in a world. The caller must
// Close it.
func Open(ctx context.Context, cfg config.Common, world World, schema ...sqldb.Migrations) (_ *Service, err error) {
	s := &Service{Config: cfg, Clock: clock.Off{Of: world.Clock, By: cfg.ClockOff}, Random: world.Random, world: world}
	if s.Random == nil {
		s.Random = rand.Reader
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", cfg.Service, err), s.Close(ctx))
		}
	}()
	if s.certificates, err = rpc.LoadCertificates(cfg.TLS.CA, cfg.TLS.Cert, cfg.TLS.Key, s.Clock); err != nil {
		return s, err
	}
	authorities, err := s.certificates.Pool()
	if err != nil {
		return s, err
	}
	if s.Telemetry, err = telemetry.Start(ctx, telemetry.Config{
		Service: cfg.Service, Endpoint: cfg.Telemetry.Endpoint, CA: authorities, Logs: world.Logs, Clock: s.Clock,
	}); err != nil {
		return s, err
	}
	s.Log = s.Telemetry.Logger()
	driver, dsn, err := cfg.Database.Source()
	if err != nil {
		return s, err
	}
	if s.DB, err = sqldb.Open(ctx, driver, dsn, schema...); err != nil {
		return s, err
	}
	if s.Cache, err = s.openCache(); err != nil {
		return s, err
	}
	master, err := os.ReadFile(cfg.MasterKeyFile)
	if err != nil {
		return s, fmt.Errorf("read master key: %w", err)
	}
	if s.Book, err = identity.Open(ctx, s.DB, master, s.Clock); err != nil {
		return s, err
	}
	s.Fetch = fetch.New(fetch.Config{CA: authorities, Names: cfg.Names, AllowPrivate: cfg.Development, Clock: s.Clock, Web: world.Web})
	s.Registers = fetch.Registers(world.Web)
	s.Resolver = &resolver.Resolver{Get: s.Fetch, Cache: s.Cache, Clock: s.Clock}
	s.Status = &statuslist.Checker{Get: s.Fetch, Keys: s.Resolver, Clock: s.Clock}
	s.Agent = agent.New(agent.Config{
		DB: s.DB, Book: s.Book, Resolver: s.Resolver, Post: s.Fetch, Clock: s.Clock, Random: s.Random, Log: s.Log,
		Patience: cfg.DIDComm.Patience,
	})
	s.Lists = statuslist.New(statuslist.Config{
		DB: s.DB, Signer: s.Book, AssertionKey: s.Book.AssertionKey, Clock: s.Clock, Random: s.Random,
		BaseURL: cfg.PublicURL, Lifetime: statusLifetime,
	})
	s.Outbox = &events.Outbox{Producer: cfg.Service, Source: cfg.PublicURL, Clock: s.Clock, Random: s.Random, Bell: runner.NewBell()}
	if s.bus = world.Bus; s.bus == nil && cfg.NATS.URL != "" {
		if err := s.connect(); err != nil {
			return s, err
		}
	}
	if cfg.Altinn.On() {
		tokens, err := s.Tokens(cfg.Altinn.Maskinporten)
		if err != nil {
			return s, err
		}
		s.altinn = altinn.New(cfg.Altinn.URL, tokens, s.Registers)
	}
	if cfg.DID != "" {
		if err := s.Book.EnsureOrganisation(ctx, cfg.DID, "", s.DIDCommEndpoint()); err != nil {
			return s, err
		}
	}
	return s, s.armCrash()
}

func (s *Service) openCache() (cache.Cache, error) {
	if s.Config.Redis.URL == "" {
		return cache.NewMemory(s.Clock, 0, 0), nil
	}
	shared, err := cache.OpenRedis(s.Config.Redis.URL, s.Config.Service)
	if err != nil {
		return nil, err
	}
	return shared, nil
}

func (s *Service) connect() error {
	password, err := os.ReadFile(s.Config.NATS.PasswordFile)
	if err != nil {
		return fmt.Errorf("read NATS password: %w", err)
	}
	authorities, err := s.certificates.Pool()
	if err != nil {
		return err
	}
	conn, err := eventbus.Connect(eventbus.Config{
		URL: s.Config.NATS.URL, User: s.Config.NATS.User, Password: strings.TrimSpace(string(password)), CA: authorities, Log: s.Log,
	})
	if err != nil {
		return err
	}
	s.bus = natsBus{conn, s.Config.Service}
	return nil
}

// armCrash makes the process end as by kill -9 at the point that a test names.
func (s *Service) armCrash() error {
	if s.Config.CrashAt == "" || !s.Config.Development {
		return nil
	}
	point, nth, err := crash.Parse(s.Config.CrashAt)
	if err != nil {
		return err
	}
	crash.Arm(point, nth, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	return nil
}

// DIDCommEndpoint is where others post envelopes to this service.
func (s *Service) DIDCommEndpoint() string { return s.Config.PublicURL + "/didcomm" }

// Host is the host of the service's public URL.
func (s *Service) Host() string {
	u, err := url.Parse(s.Config.PublicURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Issuer makes the issuer of the service's credentials; the hooks may be nil.
func (s *Service) Issuer(onIssued, onDelivered issuance.Hook) *issuance.Issuer {
	return issuance.New(issuance.Config{
		DB: s.DB, Book: s.Book, Agent: s.Agent, Lists: s.Lists, Clock: s.Clock, Random: s.Random,
		OnIssued: onIssued, OnDelivered: onDelivered,
	})
}

// Verifier verifies for decisions: it asks status lists and the trust list anew
// each time.
func (s *Service) Verifier(list config.TrustList) *verification.Verifier {
	return &verification.Verifier{
		Keys: s.Resolver, Status: s.Status, Clock: s.Clock,
		Trust: &trust.Client{Get: s.Fetch, Keys: s.Resolver, Registry: list.Registry, URL: list.URL, Clock: s.Clock},
	}
}

// CachingVerifier verifies where nothing is decided: as Verifier does, but by
// status lists that may have been kept for as long as they allow, and a trust list
// that was asked for a moment ago.
func (s *Service) CachingVerifier(list config.TrustList) *verification.Verifier {
	return &verification.Verifier{
		Keys: s.Resolver, Status: s.Status.Cached(s.Cache, statusKept), Clock: s.Clock,
		Trust: &trust.Client{Get: s.Fetch, Keys: s.Resolver, Registry: list.Registry, URL: list.URL, Clock: s.Clock, Keep: trustKept},
	}
}

// Tokens gives access tokens of Maskinporten to a client of its.
func (s *Service) Tokens(of maskinporten.Settings) (*maskinporten.Client, error) {
	return maskinporten.Open(of, s.Registers, s.Clock, s.Random)
}

// Dial connects to the internal listener of another service. A peer that is
// down is no error here: calls to it fail as Unavailable until it is up.
func (s *Service) Dial(peer string) (grpc.ClientConnInterface, error) {
	address, ok := s.Config.Peers[peer]
	if !ok {
		return nil, fault.New(fault.Invalid, "config.peers", "peers.%s is missing: name the internal listener of %s, host:port", peer, peer)
	}
	if s.world.Peer != nil {
		return s.world.Peer(peer)
	}
	conn, err := rpc.Dial(rpc.Target{Addr: address, Names: s.Config.Names, Certificates: s.certificates, Telemetry: s.Telemetry})
	if err != nil {
		return nil, err
	}
	s.peers = append(s.peers, conn)
	return conn, nil
}

// Close releases what Open opened.
func (s *Service) Close(ctx context.Context) error {
	var errs []error
	for _, conn := range s.peers {
		errs = append(errs, conn.Close())
	}
	if s.bus != nil {
		s.bus.Close()
	}
	if s.Fetch != nil {
		s.Fetch.Close()
	}
	if shared, ok := s.Cache.(io.Closer); ok {
		errs = append(errs, shared.Close())
	}
	if s.DB != nil {
		errs = append(errs, s.DB.Close())
	}
	if s.Telemetry != nil {
		flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		errs = append(errs, s.Telemetry.Shutdown(flush))
	}
	return errors.Join(errs...)
}
