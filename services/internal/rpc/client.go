package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Target is the internal listener of another service.
type Target struct {
	// Addr is host:port. Required.
	Addr string
	// ServerName is the name its certificate must show. Empty: Addr's host.
	ServerName string
	// Names maps a host to the host:port to connect to, in development.
	Names map[string]string
	// Certificates are the caller's own.
	Certificates *Certificates
	Telemetry    *telemetry.Telemetry
	// Deadline bounds calls whose context has no deadline. Zero: 5 s.
	Deadline time.Duration
}

// Dial opens a connection to another service over mutual TLS. It connects
// when first used and again whenever it breaks; a peer that is down costs an
// Unavailable fault, at once. Every error that a call returns is a fault
// (FromStatus). The caller closes the connection.
func Dial(target Target) (*grpc.ClientConn, error) {
	if target.Certificates == nil || target.Telemetry == nil {
		return nil, errors.New("dial: certificates and telemetry are needed")
	}
	host, _, err := net.SplitHostPort(target.Addr)
	if err != nil {
		return nil, fmt.Errorf("dial: %q is not host:port", target.Addr)
	}
	if target.ServerName == "" {
		target.ServerName = host
	}
	addr := target.Addr
	if mapped, ok := target.Names[host]; ok {
		addr = mapped
	}
	options := clientOptions(target.Telemetry, target.Deadline)
	options = append(options,
		grpc.WithTransportCredentials(credentials.NewTLS(target.Certificates.MutualClient(target.ServerName))),
		grpc.WithAuthority(target.ServerName))
	return grpc.NewClient("passthrough:///"+addr, options...)
}

// PublicTarget is the public listener of a service, for clients of its API.
type PublicTarget struct {
	// Addr is host:port; Names maps hosts to other addresses in development.
	Addr  string
	Names map[string]string
	// CA holds the authorities to trust. Nil: the system's.
	CA *x509.CertPool
	// Token is sent as bearer token with every call, when not empty.
	Token     string
	Telemetry *telemetry.Telemetry
	// Deadline bounds calls whose context has no deadline. Zero: 5 s.
	Deadline time.Duration
}

// DialPublic opens a connection to a public listener over TLS.
func DialPublic(target PublicTarget) (*grpc.ClientConn, error) {
	host, _, err := net.SplitHostPort(target.Addr)
	if err != nil {
		return nil, fmt.Errorf("dial: %q is not host:port", target.Addr)
	}
	if target.Telemetry == nil {
		target.Telemetry = telemetry.From(context.Background())
	}
	addr := target.Addr
	if mapped, ok := target.Names[host]; ok {
		addr = mapped
	}
	options := clientOptions(target.Telemetry, target.Deadline)
	options = append(options, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: target.CA,
	})))
	if target.Token != "" {
		options = append(options, grpc.WithPerRPCCredentials(bearerToken(target.Token)))
	}
	return grpc.NewClient("passthrough:///"+addr, options...)
}

func clientOptions(t *telemetry.Telemetry, deadline time.Duration) []grpc.DialOption {
	if deadline <= 0 {
		deadline = 5 * time.Second
	}
	return []grpc.DialOption{
		grpc.WithNoProxy(),
		grpc.WithDisableServiceConfig(),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(
			otelgrpc.WithTracerProvider(t.TracerProvider()),
			otelgrpc.WithMeterProvider(t.MeterProvider()),
			otelgrpc.WithPropagators(propagation.TraceContext{}))),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(4 << 20)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		// A peer that restarts is found again within two seconds.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
			MinConnectTimeout: 3 * time.Second,
		}),
		grpc.WithUnaryInterceptor(bounded(deadline)),
	}
}

// bounded gives calls a deadline and turns statuses back into faults.
func bounded(deadline time.Duration) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if _, has := ctx.Deadline(); !has {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, deadline)
			defer cancel()
		}
		return FromStatus(invoke(ctx, method, req, reply, cc, opts...))
	}
}

type bearerToken string

func (t bearerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(t)}, nil
}

func (bearerToken) RequireTransportSecurity() bool { return true }
