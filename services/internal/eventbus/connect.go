package eventbus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Config says how to reach the event bus.
type Config struct {
	// URL is the server, such as tls://localhost:4222; several are separated
	// by commas.
	URL      string
	User     string
	Password string
	// CA holds the authorities that sign the server's certificate.
	CA *x509.CertPool
	// Log is told of lost connections and refused subjects. Nil: nobody.
	Log *slog.Logger
}

// Conn is a connection to the event bus. It reconnects by itself for ever.
type Conn struct {
	nc *nats.Conn

	mu      sync.Mutex
	session context.Context    // ends when the server is lost; guarded by mu
	lost    context.CancelFunc // guarded by mu
}

// Connect opens a connection. A server that is down is no error: the
// connection is made as soon as it can be, and until then every call returns
// Unavailable. The caller must Close it.
func Connect(cfg Config) (*Conn, error) {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Conn{}
	c.session, c.lost = context.WithCancel(context.Background())
	nc, err := nats.Connect(cfg.URL,
		nats.Name(cfg.User),
		nats.UserInfo(cfg.User, cfg.Password),
		nats.Secure(&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.CA}),
		nats.CustomInboxPrefix(InboxPrefix(cfg.User)),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(100*time.Millisecond),
		nats.ReconnectJitter(50*time.Millisecond, 50*time.Millisecond),
		nats.ReconnectBufSize(-1), // what cannot be sent now fails now
		nats.IgnoreAuthErrorAbort(),
		nats.Timeout(2*time.Second),
		nats.PingInterval(10*time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.end()
			if err != nil {
				log.Warn("event bus lost", "err", err)
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) { log.Info("event bus found again") }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Error("event bus error", "err", err)
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to event bus: %w", err)
	}
	c.nc = nc
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() {
	c.nc.Close()
	c.end()
}

// end tells whoever waits for an answer that none will come.
func (c *Conn) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lost()
	c.session, c.lost = context.WithCancel(context.Background())
}

// asking bounds a question to the server: by ctx, by patience, and by the
// connection, since an answer cannot outlive it.
func (c *Conn) asking(ctx context.Context, patience time.Duration) (context.Context, context.CancelFunc) {
	c.mu.Lock()
	session := c.session
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, patience)
	stop := context.AfterFunc(session, cancel)
	if !c.nc.IsConnected() {
		cancel()
	}
	return ctx, func() {
		stop()
		cancel()
	}
}

// Await waits until the connection stands, or fails as Ready does.
func (c *Conn) Await(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := Ask(ctx, func(ctx context.Context) (struct{}, error) {
		if c.nc.IsConnected() {
			return struct{}{}, nil
		}
		return struct{}{}, nats.ErrConnectionReconnecting
	})
	if err != nil {
		return c.Ready(ctx)
	}
	return nil
}

// Ready reports whether the connection stands.
func (c *Conn) Ready(context.Context) error {
	if !c.nc.IsConnected() {
		return fault.New(fault.Unavailable, "eventbus.unreachable", "the event bus is not connected")
	}
	return nil
}

func unavailable(err error, what string) error {
	if errors.Is(err, nats.ErrMaxPayload) {
		return fault.Wrap(err, fault.Invalid, "event.too-large", "an event has at most %d bytes", MaxPayload)
	}
	return fault.Wrap(err, fault.Unavailable, "eventbus.unreachable", "%s: the event bus did not answer", what)
}
