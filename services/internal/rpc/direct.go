package rpc

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Direct serves what a listener serves, without one: a call runs in the goroutine
// that makes it, and has returned when its handler has. Messages are encoded and
// decoded as on the wire, and gate, deadline, panic guard, error mapping and log
// are the listener's. It is for simulated runs; streams are not served.
type Direct struct {
	around  *around
	methods map[string]directMethod
}

type directMethod struct {
	desc grpc.MethodDesc
	impl any
}

// RegisterService implements grpc.ServiceRegistrar.
func (d *Direct) RegisterService(desc *grpc.ServiceDesc, impl any) {
	for _, m := range desc.Methods {
		d.methods["/"+desc.ServiceName+"/"+m.MethodName] = directMethod{m, impl}
	}
}

// DirectInternal serves what NewInternal would.
func DirectInternal(cfg InternalConfig) *Direct {
	return direct(cfg.Register, &around{telemetry: cfg.Telemetry, clock: orSystem(cfg.Clock), deadline: orDefault(cfg.Deadline),
		gate: calling(cfg.Callers), listener: "internal"})
}

// DirectPublic serves what NewPublic would, but for REST: its calls, and its
// routes with all that surrounds them.
func DirectPublic(cfg PublicConfig) (*Direct, http.Handler, error) {
	if cfg.Telemetry == nil || cfg.Authenticator == nil {
		return nil, nil, errors.New("serve directly: telemetry and an authenticator are needed")
	}
	cfg.Clock = orSystem(cfg.Clock)
	p := &Public{cfg: cfg}
	if err := cfg.Policy.checkRoutes(cfg.Routes); err != nil {
		return nil, nil, fmt.Errorf("serve directly: %w", err)
	}
	routes, err := p.mux(http.NotFoundHandler())
	if err != nil {
		return nil, nil, fmt.Errorf("serve directly: %w", err)
	}
	return direct(cfg.Register, p.around()), p.front(routes), nil
}

func direct(register func(grpc.ServiceRegistrar), a *around) *Direct {
	d := &Direct{around: a, methods: map[string]directMethod{}}
	if register != nil {
		register(d)
	}
	return d
}

// FromAnyone is a connection without a certificate, as a client of the public
// listener has. Its errors are statuses.
func (d *Direct) FromAnyone() grpc.ClientConnInterface { return directConn{to: d} }

// FromService is a connection of a service that shows a certificate, as Dial makes
// it. Its errors are faults.
func (d *Direct) FromService(certificate *x509.Certificate) grpc.ClientConnInterface {
	return directConn{to: d, certificate: certificate}
}

type directConn struct {
	to          *Direct
	certificate *x509.Certificate // nil: anyone
}

// Invoke implements grpc.ClientConnInterface.
func (c directConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	err := c.call(ctx, method, args, reply, opts)
	if c.certificate != nil {
		return FromStatus(err)
	}
	return err
}

func (c directConn) call(ctx context.Context, method string, args, reply any, opts []grpc.CallOption) error {
	request, err := proto.Marshal(args.(proto.Message))
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	m, ok := c.to.methods[method]
	if !ok {
		return ToStatus(fault.New(fault.Invalid, ruleUnknownCall, "there is no such method"), "").Err()
	}
	inside, err := c.arrive(ctx, opts)
	if err != nil {
		return err
	}
	inside, end := telemetry.Span(inside, method)
	answer, err := m.desc.Handler(m.impl, inside, func(into any) error { return proto.Unmarshal(request, into.(proto.Message)) }, c.to.around.unary)
	end(err)
	if err != nil {
		return err
	}
	raw, err := proto.Marshal(answer.(proto.Message))
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return proto.Unmarshal(raw, reply.(proto.Message))
}

// NewStream implements grpc.ClientConnInterface.
func (directConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("streams are not served directly")
}

// arrive is the context that a handler gets: of the caller's it has what the wire
// carries, nothing else.
func (c directConn) arrive(ctx context.Context, opts []grpc.CallOption) (context.Context, error) {
	headers := metadata.MD{}
	if sent, ok := metadata.FromOutgoingContext(ctx); ok {
		headers = sent.Copy()
	}
	for _, o := range opts {
		with, ok := o.(grpc.PerRPCCredsCallOption)
		if !ok {
			continue
		}
		shown, err := with.Creds.GetRequestMetadata(ctx)
		if err != nil {
			return nil, fmt.Errorf("show credentials: %w", err)
		}
		for name, value := range shown {
			headers.Set(name, value)
		}
	}
	from := &peer.Peer{Addr: &net.UnixAddr{Name: "direct", Net: "unix"}}
	if c.certificate != nil {
		info := credentials.TLSInfo{}
		info.State.PeerCertificates = []*x509.Certificate{c.certificate}
		info.State.VerifiedChains = [][]*x509.Certificate{{c.certificate}}
		from.AuthInfo = info
	}
	trace := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, trace)
	inside := c.to.around.telemetry.Into(peer.NewContext(context.Background(), from))
	return telemetry.Continue(metadata.NewIncomingContext(inside, headers), trace["traceparent"]), nil
}
