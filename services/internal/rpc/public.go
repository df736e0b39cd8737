package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/test/bufconn"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// PublicConfig says what a public listener serves.
type PublicConfig struct {
	// Listen is host:port; port 0 takes a free one.
	Listen       string
	Certificates *Certificates
	Telemetry    *telemetry.Telemetry
	Clock        clock.Clock
	// Authenticator knows the tokens, Policy what each may call.
	Authenticator Authenticator
	Policy        Policy
	// Register registers the services' implementations.
	Register func(grpc.ServiceRegistrar)
	// Gateway are the generated Register...Handler functions that make REST of
	// the same contract.
	Gateway []func(context.Context, *runtime.ServeMux, *grpc.ClientConn) error
	// Routes are plain handlers by http.ServeMux pattern, such as
	// "GET /.well-known/did.json". Those that the Policy names are called with
	// a token of one of its roles only, and find its Principal in the context;
	// the others authenticate by themselves (AuthenticateRequest). Their
	// request bodies are already limited and not compressed.
	Routes map[string]http.Handler
	// Ready are what /readyz asks, by name. A check must honour its context.
	Ready map[string]func(context.Context) error
	// OpenAPI is served at /openapi.json when not empty.
	OpenAPI []byte
	// Deadline bounds every call. Zero: 10 s.
	Deadline time.Duration
}

// Public is the HTTPS listener for the world: gRPC, REST, plain handlers,
// /healthz, /readyz and /openapi.json on one port.
type Public struct {
	cfg      PublicConfig
	listener net.Listener
	http     *http.Server
	grpc     *grpc.Server
	health   *health.Server
	inside   *bufconn.Listener
	gateway  *grpc.ClientConn
	stopping atomic.Bool
}

// NewPublic opens the listener. REST calls reach the same gRPC server through
// memory, so that one policy and one error mapping hold for both. A method in
// Policy that is not registered is an error, so that a slip of the pen is
// noticed.
func NewPublic(cfg PublicConfig) (_ *Public, err error) {
	if cfg.Certificates == nil || cfg.Telemetry == nil || cfg.Authenticator == nil {
		return nil, errors.New("open public listener: certificates, telemetry and an authenticator are needed")
	}
	cfg.Clock = orSystem(cfg.Clock)
	p := &Public{cfg: cfg, inside: bufconn.Listen(1 << 20), health: health.NewServer()}
	p.grpc = grpc.NewServer(p.around().options()...)
	if cfg.Register != nil {
		cfg.Register(p.grpc)
	}
	grpc_health_v1.RegisterHealthServer(p.grpc, p.health)
	reflection.Register(p.grpc)
	named := append(slices.Sorted(maps.Keys(cfg.Policy.Roles)), cfg.Policy.Public...)
	if err := checkKnown(p.grpc, "policy", named); err != nil {
		return nil, fmt.Errorf("open public listener: %w", err)
	}
	if err := cfg.Policy.checkRoutes(cfg.Routes); err != nil {
		return nil, fmt.Errorf("open public listener: %w", err)
	}
	routes, err := p.routes()
	if err != nil {
		return nil, fmt.Errorf("open public listener: %w", err)
	}
	p.http = &http.Server{
		Handler:           p.front(routes),
		TLSConfig:         cfg.Certificates.PublicServer(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 250},
		ErrorLog:          slog.NewLogLogger(cfg.Telemetry.Logger().Handler(), slog.LevelDebug),
	}
	if p.listener, err = net.Listen("tcp", cfg.Listen); err != nil {
		return nil, errors.Join(fmt.Errorf("open public listener: %w", err), p.gateway.Close())
	}
	return p, nil
}

// around is what surrounds a call.
func (p *Public) around() *around {
	return &around{telemetry: p.cfg.Telemetry, clock: p.cfg.Clock, deadline: orDefault(p.cfg.Deadline),
		gate: authorizing(p.cfg.Authenticator, p.cfg.Policy), listener: "public"}
}

// Addr is the address that the listener got, host:port.
func (p *Public) Addr() string { return p.listener.Addr().String() }

// Unnamed lists registered methods that the policy leaves to nobody. A
// service's test wants it empty.
func (p *Public) Unnamed() []string { return p.cfg.Policy.unnamed(p.grpc) }

// Serve serves until ctx ends, then lets running requests finish, for at most
// 10 s, and returns nil. It returns an error only when the listener fails.
func (p *Public) Serve(ctx context.Context) error {
	insideDone := make(chan error, 1)
	go func() { insideDone <- p.grpc.Serve(p.inside) }()
	outsideDone := make(chan error, 1)
	go func() { outsideDone <- p.http.ServeTLS(p.listener, "", "") }()

	var failed error
	select {
	case failed = <-outsideDone:
		outsideDone <- nil
	case <-ctx.Done():
	}
	p.stopping.Store(true)
	p.health.Shutdown()
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	// HTTP first: gRPC requests that came over it cannot be drained by the
	// gRPC server.
	if p.http.Shutdown(grace) != nil {
		_ = p.http.Close()
		p.grpc.Stop()
	} else {
		stopGRPC(p.grpc)
	}
	_ = p.gateway.Close()
	<-insideDone
	<-outsideDone
	if failed != nil {
		return fmt.Errorf("serve public listener: %w", failed)
	}
	return nil
}

// Close ends a listener that was never served.
func (p *Public) Close() error {
	return errors.Join(p.listener.Close(), p.inside.Close(), p.gateway.Close())
}

// routes builds everything that is not native gRPC.
func (p *Public) routes() (_ *http.ServeMux, err error) {
	rest := newGateway()
	p.gateway, err = grpc.NewClient("passthrough:///inside",
		append(clientOptions(p.cfg.Telemetry, orDefault(p.cfg.Deadline)),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
				return p.inside.DialContext(ctx)
			}))...)
	if err != nil {
		return nil, fmt.Errorf("connect gateway: %w", err)
	}
	for _, register := range p.cfg.Gateway {
		if err := register(context.Background(), rest, p.gateway); err != nil {
			return nil, errors.Join(fmt.Errorf("register gateway: %w", err), p.gateway.Close())
		}
	}
	mux, err := p.mux(rest)
	if err != nil {
		return nil, errors.Join(err, p.gateway.Close())
	}
	return mux, nil
}

// mux has the plain handlers, and rest for everything else.
func (p *Public) mux(rest http.Handler) (_ *http.ServeMux, err error) {
	defer func() {
		// ServeMux panics on patterns that are wrong or meet each other.
		if conflict := recover(); conflict != nil {
			err = fmt.Errorf("register routes: %v", conflict)
		}
	}()
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	mux.HandleFunc("GET /healthz", p.healthz)
	mux.HandleFunc("GET /readyz", p.readyz)
	if len(p.cfg.OpenAPI) > 0 {
		mux.HandleFunc("GET /openapi.json", p.openAPI)
	}
	for pattern, handler := range p.cfg.Routes {
		mux.Handle(pattern, p.cfg.Policy.guard(p.cfg.Authenticator, pattern, handler))
	}
	return mux, nil
}

// healthz says that the process answers, nothing more.
func (p *Public) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// readyz says whether the service can do its work, and by name what it lacks.
func (p *Public) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	missing := []string{}
	if p.stopping.Load() {
		missing = append(missing, "stopping")
	}
	for _, name := range slices.Sorted(maps.Keys(p.cfg.Ready)) {
		if err := p.cfg.Ready[name](ctx); err != nil {
			p.cfg.Telemetry.Logger().WarnContext(ctx, "not ready", "check", name, "err", err)
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		writeJSON(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "missing": missing})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"status": "ready"})
}

func (p *Public) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(p.cfg.OpenAPI)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the caller may be gone
}
