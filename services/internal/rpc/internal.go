package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/reflection"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// InternalConfig says what an internal listener serves and to whom.
type InternalConfig struct {
	// Listen is host:port; port 0 takes a free one.
	Listen       string
	Certificates *Certificates
	Telemetry    *telemetry.Telemetry
	Clock        clock.Clock
	// Callers maps a full method to the certificate names that may call it.
	// What is not listed may be called by nobody, health and reflection by
	// every certificate of our authorities.
	Callers map[string][]string
	// Register registers the services' implementations.
	Register func(grpc.ServiceRegistrar)
	// Deadline bounds every call. Zero: 10 s.
	Deadline time.Duration
}

// Internal is the gRPC listener for other services.
type Internal struct {
	listener net.Listener
	server   *grpc.Server
	health   *health.Server
}

// NewInternal opens the listener. A method in Callers that is not registered
// is an error, so that a slip of the pen is noticed.
func NewInternal(cfg InternalConfig) (*Internal, error) {
	if cfg.Certificates == nil || cfg.Telemetry == nil {
		return nil, errors.New("open internal listener: certificates and telemetry are needed")
	}
	a := &around{telemetry: cfg.Telemetry, clock: orSystem(cfg.Clock), deadline: orDefault(cfg.Deadline),
		gate: calling(cfg.Callers), listener: "internal"}
	s := grpc.NewServer(append(a.options(), grpc.Creds(credentials.NewTLS(cfg.Certificates.MutualServer())))...)
	if cfg.Register != nil {
		cfg.Register(s)
	}
	ready := health.NewServer()
	grpc_health_v1.RegisterHealthServer(s, ready)
	reflection.Register(s)
	if err := checkKnown(s, "callers", slices.Sorted(maps.Keys(cfg.Callers))); err != nil {
		return nil, fmt.Errorf("open internal listener: %w", err)
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("open internal listener: %w", err)
	}
	return &Internal{listener: listener, server: s, health: ready}, nil
}

// Addr is the address that the listener got, host:port.
func (s *Internal) Addr() string { return s.listener.Addr().String() }

// Serve serves until ctx ends, then lets running calls finish, for at most
// 10 s, and returns nil. It returns an error only when the listener fails.
func (s *Internal) Serve(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- s.server.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve internal listener: %w", err)
	case <-ctx.Done():
	}
	s.health.Shutdown()
	stopGRPC(s.server)
	<-failed
	return nil
}

// Close ends a listener that was never served.
func (s *Internal) Close() error { return s.listener.Close() }

// stopGRPC stops gracefully, or hard after stopGrace.
func stopGRPC(s *grpc.Server) {
	hard := time.AfterFunc(stopGrace, s.Stop)
	s.GracefulStop()
	hard.Stop()
}

type callerKey struct{}

// Caller is the certificate name by which the calling service was let in.
func Caller(ctx context.Context) (string, bool) {
	name, ok := ctx.Value(callerKey{}).(string)
	return name, ok
}

// WithCaller returns a context of a call by the named service, for tests of
// handlers.
func WithCaller(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

// calling is the internal listener's gate. TLS has proved that the
// certificate is one of ours; which service it names is checked here.
func calling(callers map[string][]string) gate {
	return func(ctx context.Context, method string) (context.Context, error) {
		shown := certificateNames(ctx)
		for _, name := range shown {
			if slices.Contains(callers[method], name) {
				return WithCaller(ctx, name), nil
			}
		}
		if len(shown) > 0 && (strings.HasPrefix(method, healthPrefix) || strings.HasPrefix(method, reflectionPrefix)) {
			return ctx, nil
		}
		return ctx, fault.New(fault.Denied, "rpc.caller", "this service may not call this method")
	}
}

// certificateNames are the DNS names of the verified client certificate.
func certificateNames(ctx context.Context) []string {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 || len(info.State.VerifiedChains[0]) == 0 {
		return nil
	}
	return info.State.VerifiedChains[0][0].DNSNames
}

func orSystem(clk clock.Clock) clock.Clock {
	if clk == nil {
		return clock.System{}
	}
	return clk
}

func orDefault(d time.Duration) time.Duration {
	if d <= 0 {
		return defaultDeadline
	}
	return d
}
