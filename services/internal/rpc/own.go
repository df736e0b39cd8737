package rpc

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// OwnPages is a connection from a service's pages to the service's own public
// calls. The caller is the Principal of the context (WithPrincipal); policy,
// deadline, panic guard, error mapping and log are those of the public listener,
// so that a page can do what the API allows to its reader, and nothing else.
// Every error of a call is a fault.
func OwnPages(cfg PublicConfig) grpc.ClientConnInterface {
	a := (&Public{cfg: cfg}).around()
	a.clock, a.gate, a.listener = orSystem(cfg.Clock), signedIn(cfg.Policy), "pages"
	return ownConn{direct(cfg.Register, a)}
}

type ownConn struct{ to *Direct }

// Invoke implements grpc.ClientConnInterface.
func (c ownConn) Invoke(ctx context.Context, method string, args, reply any, _ ...grpc.CallOption) error {
	m, ok := c.to.methods[method]
	if !ok {
		return fault.New(fault.Invalid, ruleUnknownCall, "there is no such method")
	}
	request, err := proto.Marshal(args.(proto.Message))
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	headers, _ := metadata.FromOutgoingContext(ctx)
	inside := metadata.NewIncomingContext(ctx, headers)
	inside = peer.NewContext(inside, &peer.Peer{Addr: &net.UnixAddr{Name: "pages", Net: "unix"}})
	inside, end := telemetry.Span(inside, method)
	answer, err := m.desc.Handler(m.impl, inside, func(into any) error { return proto.Unmarshal(request, into.(proto.Message)) }, c.to.around.unary)
	end(err)
	if err != nil {
		return FromStatus(err)
	}
	proto.Reset(reply.(proto.Message))
	proto.Merge(reply.(proto.Message), answer.(proto.Message))
	return nil
}

// NewStream implements grpc.ClientConnInterface.
func (ownConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("pages call no streams")
}
