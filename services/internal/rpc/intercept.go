package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/keepalive"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

const (
	// MaxRequest is the size of the largest request, in bytes, everywhere.
	MaxRequest = 1 << 20

	defaultDeadline  = 10 * time.Second
	stopGrace        = 10 * time.Second
	healthPrefix     = "/grpc.health.v1.Health/"
	reflectionPrefix = "/grpc.reflection."
)

// gate decides whether a call may go on, and puts what it learned about the
// caller into the context.
type gate func(ctx context.Context, method string) (context.Context, error)

// around is everything that surrounds a handler, on both listeners.
type around struct {
	telemetry *telemetry.Telemetry
	clock     clock.Clock
	deadline  time.Duration
	gate      gate
	listener  string // "public" or "internal", for the log
}

// options are the server options that both listeners share.
func (a *around) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.StatsHandler(otelgrpc.NewServerHandler(
			otelgrpc.WithTracerProvider(a.telemetry.TracerProvider()),
			otelgrpc.WithMeterProvider(a.telemetry.MeterProvider()),
			otelgrpc.WithPropagators(propagation.TraceContext{}))),
		grpc.UnaryInterceptor(a.unary),
		grpc.StreamInterceptor(a.stream),
		grpc.MaxRecvMsgSize(MaxRequest),
		grpc.MaxConcurrentStreams(1000),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 15 * time.Second, PermitWithoutStream: true}),
	}
}

func (a *around) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (resp any, err error) {
	err = a.call(ctx, info.FullMethod, func(ctx context.Context) error {
		resp, err = handler(ctx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

func (a *around) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return a.call(ss.Context(), info.FullMethod, func(ctx context.Context) error {
		return handler(srv, &streamWith{ServerStream: ss, ctx: ctx})
	})
}

type streamWith struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *streamWith) Context() context.Context { return s.ctx }

// call runs one handler: no compression, gate, deadline, panic guard, fault to status, and
// one line in the access log.
func (a *around) call(ctx context.Context, method string, handle func(context.Context) error) error {
	began := a.clock.Now()
	ctx = a.telemetry.Into(ctx)
	ctx, cancel := context.WithTimeout(ctx, a.deadline)
	defer cancel()

	admitted, err := ctx, uncompressed(ctx)
	if err == nil {
		admitted, err = a.gate(ctx, method)
	}
	if err == nil {
		err = guarded(admitted, handle)
	}
	a.log(admitted, method, err, a.clock.Now().Sub(began))
	if err != nil {
		return ToStatus(err, telemetry.TraceID(ctx)).Err()
	}
	return nil
}

// uncompressed refuses what REST refuses too. gRPC has opened the message by
// now, no further than MaxRequest.
func uncompressed(ctx context.Context) error {
	stream, ok := grpc.ServerTransportStreamFromContext(ctx).(interface{ RecvCompress() string })
	if ok && stream.RecvCompress() != "" && stream.RecvCompress() != encoding.Identity {
		return compressed()
	}
	return nil
}

// guarded turns a panic into an internal fault.
func guarded(ctx context.Context, handle func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Wrap(fmt.Errorf("panic: %v\n%s", p, debug.Stack()), fault.Internal, "internal", "panic in a handler")
		}
	}()
	return handle(ctx)
}

// log writes the access line: what was called and how it went, and of the
// caller its role or certificate name, nothing else.
func (a *around) log(ctx context.Context, method string, err error, took time.Duration) {
	line := []slog.Attr{
		slog.String("listener", a.listener),
		slog.String("method", method),
		slog.Float64("ms", float64(took.Microseconds())/1000),
	}
	if who, ok := PrincipalFrom(ctx); ok {
		line = append(line, slog.String("role", string(who.Role)))
	}
	if name, ok := Caller(ctx); ok {
		line = append(line, slog.String("caller", name))
	}
	level := slog.LevelInfo
	if err != nil {
		f := faultOf(err)
		line = append(line, slog.String("code", codeOf(f).String()), slog.String("rule", f.Rule))
		if f.Kind == fault.Internal {
			level = slog.LevelError
			line = append(line, slog.Any("err", err))
		}
	} else {
		line = append(line, slog.String("code", "OK"))
	}
	a.telemetry.Logger().LogAttrs(ctx, level, "call", line...)
}

// methodsOf lists the full methods registered on s, sorted.
func methodsOf(s *grpc.Server) []string {
	var methods []string
	for service, info := range s.GetServiceInfo() {
		for _, method := range info.Methods {
			methods = append(methods, "/"+service+"/"+method.Name)
		}
	}
	slices.Sort(methods)
	return methods
}

func checkKnown(s *grpc.Server, where string, named []string) error {
	known := methodsOf(s)
	for _, method := range named {
		if !slices.Contains(known, method) {
			return fmt.Errorf("%s names %s, which is no method of this listener", where, method)
		}
	}
	return nil
}
