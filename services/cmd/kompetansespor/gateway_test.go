package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// behind is a layout of which every service is answered for by handler.
func behind(t *testing.T, handler func(service string) http.Handler) *devsetup.Layout {
	t.Helper()
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range devsetup.Services() {
		s := layout.Services[name]
		certificate, err := tls.LoadX509KeyPair(s.CertFile, s.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewUnstartedServer(handler(name))
		server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		server.Config.ErrorLog = quiet()
		server.StartTLS()
		t.Cleanup(server.Close)
		layout.Names[s.Host] = server.Listener.Addr().String()
	}
	return layout
}

// enter starts a gateway and gives a way to ask it.
func enter(t *testing.T, layout *devsetup.Layout) func(host, path string, header ...string) *http.Response {
	t.Helper()
	front := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the front") })
	handler, err := gatewayHandler(layout, front)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return func(host, path string, header ...string) *http.Response {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer
	}
}

func text(t *testing.T, answer *http.Response) string {
	t.Helper()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// tellsWhatItSees answers with what a service learns of the browser's request.
func tellsWhatItSees(service string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, strings.Join([]string{
			service, r.Host, r.TLS.ServerName, r.URL.RequestURI(), r.Header.Get("X-Forwarded-Host"),
			r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-For"),
		}, " "))
	})
}

func TestGatewayLeadsToTheServiceThatTheHostNames(t *testing.T) {
	ask := enter(t, behind(t, tellsWhatItSees))
	for host, want := range map[string]string{
		"localhost:7100":        "the front",
		"localhost":             "the front",
		"127.0.0.1:7100":        "the front",
		"issuer.localhost:7100": "issuer issuer.localhost:7100 issuer.kompetansespor.example /a%2Fb?c=1 issuer.localhost:7100 http 127.0.0.1",
		"udi.localhost:7100":    "verifier udi.localhost:7100 udi.kompetansespor.example /a%2Fb?c=1 udi.localhost:7100 http 127.0.0.1",
		"BANK.localhost.:7100":  "bank BANK.localhost.:7100 bank.kompetansespor.example /a%2Fb?c=1 BANK.localhost.:7100 http 127.0.0.1",
		"wallet.localhost":      "wallet wallet.localhost wallet.kompetansespor.example /a%2Fb?c=1 wallet.localhost http 127.0.0.1",
		"registry.localhost:80": "registry registry.localhost:80 registry.kompetansespor.example /a%2Fb?c=1 registry.localhost:80 http 127.0.0.1",
		"police.localhost:7100": "police police.localhost:7100 police.kompetansespor.example /a%2Fb?c=1 police.localhost:7100 http 127.0.0.1",
		"tax.localhost:65535":   "tax tax.localhost:65535 tax.kompetansespor.example /a%2Fb?c=1 tax.localhost:65535 http 127.0.0.1",
	} {
		// What a browser's request claims of itself is not passed on.
		answer := ask(host, "/a%2Fb?c=1", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1")
		if got := text(t, answer); got != want || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %q, want %q", host, answer.StatusCode, got, want)
		}
	}
}

func TestGatewayNamesItsHostsToWhoAsksForAnother(t *testing.T) {
	layout := behind(t, tellsWhatItSees)
	ask := enter(t, layout)
	addresses := []string{layout.Gateway.Front()}
	for _, name := range devsetup.Services() {
		addresses = append(addresses, layout.Gateway.URL(name))
	}
	for _, host := range []string{
		"verifier.localhost:7100", "evil.example:7100", "issuer.localhost.evil.example", "a.issuer.localhost",
		"127.0.0.1.evil.example", "[::1]:7100", "issuer.kompetansespor.example",
	} {
		answer := ask(host, "/")
		got := text(t, answer)
		if answer.StatusCode != http.StatusNotFound || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: %d %s", host, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
		for _, address := range addresses {
			if !strings.Contains(got, "  "+address+"/\n") {
				t.Errorf("%s is not told of %s: %s", host, address, got)
			}
		}
		if strings.Contains(got, "evil") {
			t.Errorf("%s is said back", host)
		}
	}
}

// A part of a stream arrives while the stream goes on, and the service learns that the
// browser has gone.
func TestGatewayPassesStreamsOnAtOnce(t *testing.T) {
	gone := make(chan struct{})
	layout := behind(t, func(string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: one\n\n")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			close(gone)
		})
	})
	answer := enter(t, layout)("wallet.localhost", "/live")
	line, err := bufio.NewReader(answer.Body).ReadString('\n')
	if err != nil || line != "data: one\n" {
		t.Fatalf("%q: %v", line, err)
	}
	_ = answer.Body.Close()
	<-gone
}

func TestGatewayPassesPackedAnswersAsTheyAre(t *testing.T) {
	layout := behind(t, func(string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "packed for "+r.Header.Get("Accept-Encoding"))
		})
	})
	if got := text(t, enter(t, layout)("tax.localhost", "/", "Accept-Encoding", "gzip, br")); got != "packed for gzip, br" {
		t.Errorf("%q", got)
	}
}

func TestGatewaySaysWhichServiceDoesNotAnswer(t *testing.T) {
	layout := behind(t, tellsWhatItSees)
	police, bank := layout.Services["police"].Host, layout.Services["bank"].Host
	closed, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	layout.Names[police] = closed.Addr().String()
	_ = closed.Close()
	layout.Names[bank] = layout.Names[layout.Services["tax"].Host] // another's certificate
	ask := enter(t, layout)
	for _, name := range []string{"police", "bank"} {
		answer := ask(name+".localhost", "/")
		if got := text(t, answer); answer.StatusCode != http.StatusBadGateway || !strings.Contains(got, name) {
			t.Errorf("%s: %d %s", name, answer.StatusCode, got)
		}
	}
}

func TestGatewayTrustsItsOwnAuthorityAlone(t *testing.T) {
	layout := behind(t, tellsWhatItSees)
	layout.CAFile = behind(t, tellsWhatItSees).CAFile
	if got := enter(t, layout)("issuer.localhost", "/").StatusCode; got != http.StatusBadGateway {
		t.Errorf("a service of another authority is believed: %d", got)
	}
}

func TestGatewayListensOnLoopbackOnly(t *testing.T) {
	layout := behind(t, tellsWhatItSees)
	for _, listen := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:80", "localhost:0", "issuer.localhost:0", "127.0.0.1", ""} {
		layout.Gateway.Addr = listen
		if err := gateway(t.Context(), layout, http.NotFoundHandler()); err == nil || !strings.Contains(err.Error(), "loopback") {
			t.Errorf("%q: %v", listen, err)
		}
	}
}

// A stream that goes on does not keep the gateway from ending.
func TestGatewayEndsWhileStreamsGoOn(t *testing.T) {
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	stream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		close(begun)
		<-r.Context().Done()
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serveGateway(ctx, listener, stream) }()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-begun
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
}
