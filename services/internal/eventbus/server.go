package eventbus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ServerConfig says how the embedded server runs.
type ServerConfig struct {
	// Listen is host:port; port 0 takes a free one.
	Listen string
	// StoreDir is where streams live. They survive restarts.
	StoreDir string
	// Certificate gives the server's own for each connection, so that one that was
	// renewed is shown; clients must speak TLS.
	Certificate func() (*tls.Certificate, error)
	// Cluster is what makes the server one of several. Nil: it is alone.
	Cluster *Member
	// Topology says what each user may do.
	Topology Topology
	// Passwords by user: every user of the topology, and AdminUser.
	Passwords map[string]string
	// Log is told what the server says. Nil: nobody.
	Log *slog.Logger
}

// Member is what a server of a cluster must know of the others.
type Member struct {
	// Name is the server's own, such as nats-1.
	Name string
	// Listen is host:port for the other servers.
	Listen string
	// Peers are all servers' Listen, its own may be among them.
	Peers []string
	// Secret lets a server in. Beside it, routes want certificates.
	Secret string
	// Authorities sign the servers' certificates.
	Authorities *x509.CertPool
}

// join makes a server's options those of a member.
func (m *Member) join(options *server.Options, certificate func() (*tls.Certificate, error)) error {
	host, port, err := splitPort(m.Listen)
	if err != nil {
		return err
	}
	options.ServerName = m.Name
	options.Cluster = server.ClusterOpts{
		Name: "kompetansespor", Host: host, Port: port, Username: routeUser, Password: m.Secret, TLSTimeout: 5,
		TLSConfig: &tls.Config{
			MinVersion:           tls.VersionTLS12,
			GetCertificate:       func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return certificate() },
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate() },
			RootCAs:              m.Authorities, ClientCAs: m.Authorities, ClientAuth: tls.RequireAndVerifyClientCert,
		},
	}
	for _, peer := range m.Peers {
		options.Routes = append(options.Routes, &url.URL{Scheme: "nats-route", User: url.UserPassword(routeUser, m.Secret), Host: peer})
	}
	return nil
}

const routeUser = "route"

func splitPort(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("must be host:port: %w", err)
	}
	number, err := strconv.ParseUint(text, 10, 16)
	return host, int(number), err
}

// Server is a NATS server with JetStream inside this process. Every message
// is synced to disk before it is acknowledged.
type Server struct {
	nats *server.Server
	port int
	host string
}

// StartServer starts the server and returns when it takes connections. The
// caller must Stop it.
func StartServer(cfg ServerConfig) (*Server, error) {
	host, port, err := splitPort(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("start event bus: listen %w", err)
	}
	users, err := cfg.users()
	if err != nil {
		return nil, fmt.Errorf("start event bus: %w", err)
	}
	options := &server.Options{
		ServerName: "kompetansespor",
		Host:       host,
		Port:       port,
		NoSigs:     true,
		MaxPayload: 64 << 10,
		MaxConn:    1000,
		Users:      users,
		TLS:        true,
		TLSTimeout: 5,
		TLSConfig: &tls.Config{
			MinVersion:     tls.VersionTLS12,
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return cfg.Certificate() },
		},
		JetStream:          true,
		StoreDir:           cfg.StoreDir,
		SyncAlways:         true,
		JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore:  max(4<<30, cfg.Topology.MaxBytes*int64(len(cfg.Topology.Producers))),
	}
	if cfg.Cluster != nil {
		if err := cfg.Cluster.join(options, cfg.Certificate); err != nil {
			return nil, fmt.Errorf("start event bus: cluster listen %w", err)
		}
	}
	if port == 0 {
		options.Port = server.RANDOM_PORT
	}
	s, err := server.NewServer(options)
	if err != nil {
		return nil, fmt.Errorf("start event bus: %w", err)
	}
	if cfg.Log != nil {
		s.SetLogger(serverLog{cfg.Log}, false, false)
	}
	s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, errors.New("start event bus: the server did not become ready (is the port taken?)")
	}
	bound, ok := s.Addr().(*net.TCPAddr)
	if !ok {
		s.Shutdown()
		s.WaitForShutdown()
		return nil, errors.New("start event bus: the server has no TCP address")
	}
	return &Server{nats: s, host: host, port: bound.Port}, nil
}

// Addr is the address that the server got, host:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// URL is what clients connect to.
func (s *Server) URL() string { return "tls://" + s.Addr() }

// Stop ends the server and waits until everything is on disk.
func (s *Server) Stop() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

func (cfg *ServerConfig) users() ([]*server.User, error) {
	var users []*server.User
	for _, name := range cfg.Topology.Users() {
		publish, subscribe := cfg.Topology.Permissions(name)
		users = append(users, &server.User{
			Username: name, Password: cfg.Passwords[name],
			Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: publish},
				Subscribe: &server.SubjectPermission{Allow: subscribe},
			},
		})
	}
	users = append(users, &server.User{Username: AdminUser, Password: cfg.Passwords[AdminUser]})
	for _, user := range users {
		if len(user.Password) < 16 {
			return nil, fmt.Errorf("user %s has no password of at least 16 characters", user.Username)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Passwords)) {
		if !slices.ContainsFunc(users, func(u *server.User) bool { return u.Username == name }) {
			return nil, fmt.Errorf("user %s is not in the topology", name)
		}
	}
	return users, nil
}

// serverLog passes on what the server says.
type serverLog struct{ to *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.say(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.say(slog.LevelWarn, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.say(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any)  { l.say(slog.LevelDebug, format, v) }

func (l serverLog) say(level slog.Level, format string, v []any) {
	l.to.Log(context.Background(), level, "nats-server", "text", fmt.Sprintf(format, v...))
}
