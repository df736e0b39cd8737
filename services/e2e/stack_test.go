package e2e

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// program is the binary under test, built once; with the race detector when
// the tests run under it.
var program string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kompetansespor-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "kompetansespor")
	args := []string{"build", "-o", program}
	if underRace {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "../cmd/kompetansespor")...).CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// stack is a running system, each service a process of its own.
type stack struct {
	t           *testing.T
	layout      *devsetup.Layout
	authorities *x509.CertPool
	http        *http.Client
	collector   *testkit.OTLP // when telemetry is collected

	mu      sync.Mutex // guards what follows
	running map[string]*process
	asked   []string // URLs of HTTP requests, see ask
}

type process struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	failed error // once ended
}

// limit bounds every wait of a test.
const limit = 60 * time.Second

// newStack prepares a fresh data directory and starts NATS and the services.
func newStack(t *testing.T, options devsetup.Options, services ...string) *stack {
	t.Helper()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(layout.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	s := &stack{t: t, layout: layout, authorities: x509.NewCertPool(), running: map[string]*process{}}
	s.authorities.AppendCertsFromPEM(content)
	s.http = &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.authorities, MinVersion: tls.VersionTLS12}},
	}
	t.Cleanup(s.stop)
	s.start("nats")
	s.start("stand-ins")
	for _, name := range services {
		s.start(name)
	}
	for _, name := range append([]string{"stand-ins"}, services...) {
		s.ready(name)
	}
	return s
}

// newCollected starts every service, each of which sends its traces and metrics
// to a collector.
func newCollected(t *testing.T) *stack {
	t.Helper()
	collector := testkit.StartOTLP(t)
	options := devsetup.Pilot()
	options.TelemetryEndpoint = collector.Endpoint()
	s := newStack(t, options, devsetup.Services()...)
	s.collector = collector
	return s
}

// reported waits until the collector has spans and metrics of every service:
// what was not collected holds nothing personal. The registry counts calls, and
// one that was started again may have had none.
func (s *stack) reported() {
	s.t.Helper()
	s.until("spans and metrics of every service", func() bool {
		spans := s.collector.Spans()
		return !slices.ContainsFunc(devsetup.Services(), func(name string) bool {
			ofService := func(span testkit.Span) bool { return span.Service == name }
			return s.collector.Points(name) == 0 && name != "registry" || !slices.ContainsFunc(spans, ofService)
		})
	})
}

// start begins a service's process; env is added to its environment.
func (s *stack) start(name string, env ...string) {
	s.t.Helper()
	args := []string{name, "--config", s.layout.Services[name].ConfigFile}
	switch name {
	case "nats":
		args = []string{"nats", "--data", s.layout.Dir}
	case "stand-ins":
		args = []string{"stand-ins", "--listen", s.layout.StandIns.Addr, "--data", s.layout.StandIns.Dir}
	}
	logs, err := os.OpenFile(s.logFile(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = logs.Close() }()
	p := &process{cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = logs, logs
	if err := p.cmd.Start(); err != nil {
		s.t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.failed = p.cmd.Wait()
		close(p.ended)
	}()
	s.mu.Lock()
	s.running[name] = p
	s.mu.Unlock()
}

func (s *stack) logFile(name string) string { return filepath.Join(s.layout.Dir, name+".log") }

func (s *stack) process(name string) *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running[name]
}

// died waits until a service's process has ended by kill -9.
func (s *stack) died(name string) {
	s.t.Helper()
	p := s.process(name)
	select {
	case <-p.ended:
	case <-time.After(limit):
		s.fail("%s was to die and did not", name)
	}
	if state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGKILL {
		s.fail("%s ended otherwise than by kill -9: %v", name, p.failed)
	}
}

// revive starts those of the services again that have died since, once each.
func (s *stack) revive(services []string, revived map[string]bool) {
	s.t.Helper()
	for _, name := range services {
		select {
		case <-s.process(name).ended:
			if !revived[name] {
				s.died(name)
				s.start(name)
				revived[name] = true
			}
		default:
		}
	}
}

// kill ends a service's process by kill -9.
func (s *stack) kill(name string) {
	s.t.Helper()
	if err := s.process(name).cmd.Process.Kill(); err != nil {
		s.t.Fatalf("kill %s: %v", name, err)
	}
	s.died(name)
}

// restart ends a service's process gracefully and starts it anew.
func (s *stack) restart(name string, env ...string) {
	s.t.Helper()
	p := s.process(name)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(limit):
		s.fail("%s does not stop", name)
	}
	s.start(name, env...)
	s.ready(name)
}

func (s *stack) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.running {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range s.running {
		select {
		case <-p.ended:
		case <-time.After(15 * time.Second):
			_ = p.cmd.Process.Kill()
			<-p.ended
		}
	}
}

// ready waits until a service says that it is.
func (s *stack) ready(name string) {
	s.t.Helper()
	s.until(name+" is ready", func() bool {
		select {
		case <-s.process(name).ended:
			s.fail("%s has ended: %v", name, s.process(name).failed)
		default:
		}
		url := s.layout.Services[name].BaseURL + "/readyz"
		if name == "stand-ins" {
			url = s.layout.StandIns.URL + "/"
		}
		answer, err := s.http.Get(url)
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

// until looks until what is awaited has come.
func (s *stack) until(what string, come func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(limit)
	for !come() {
		if time.Now().After(deadline) {
			s.fail("waited in vain: %s", what)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// fail ends the test with what the logs have to say: warnings, errors, and
// the last lines.
func (s *stack) fail(format string, args ...any) {
	s.t.Helper()
	for name := range s.running {
		content, err := os.ReadFile(s.logFile(name))
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimSpace(string(content)), "\n")
		var loud []string
		for _, line := range lines {
			if !strings.Contains(line, `"level":"INFO"`) {
				loud = append(loud, line)
			}
		}
		s.t.Logf("%s:\n%s\n...\n%s", name, strings.Join(loud[max(0, len(loud)-10):], "\n"), strings.Join(lines[max(0, len(lines)-3):], "\n"))
	}
	s.t.Fatalf(format, args...)
}

// dial connects to a service's public listener as a client outside would.
func (s *stack) dial(name string) *grpc.ClientConn {
	s.t.Helper()
	place := s.layout.Services[name]
	conn, err := grpc.NewClient("passthrough:///"+place.PublicAddr, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		RootCAs: s.authorities, ServerName: place.Host, MinVersion: tls.VersionTLS12,
	})))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// as is a context of a call by whoever a token stands for.
func as(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
}

// token finds a development token.
func (s *stack) token(service, role string) string {
	s.t.Helper()
	token, ok := s.layout.Token(service, role)
	if !ok {
		s.t.Fatalf("no token for %s at %s", role, service)
	}
	return token
}

// answered calls until the service answers: it may be starting again.
func answered[T any](s *stack, call func() (T, error)) (answer T) {
	s.t.Helper()
	s.until("an answer", func() bool {
		var err error
		answer, err = call()
		switch status.Code(err) {
		case codes.OK:
			return true
		case codes.Unavailable, codes.DeadlineExceeded:
			return false
		}
		s.fail("%v", err)
		return false
	})
	return answer
}
