package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// The gateway is the way of a browser to a development stack: no browser trusts the
// authority of development, so it reaches every service without TLS, on one address
// of this machine, each by a name of its own such as issuer.localhost:7100. Names
// below localhost are this machine by RFC 6761, section 6.3, and browsers treat them
// as secure: passkeys and cookies work there. Nothing of it is for production.

// gatewayGrace is how long answers that were begun may take at the end. Streams
// never end by themselves.
const gatewayGrace = time.Second

// gateway serves a layout's gateway until ctx ends; front answers for localhost itself.
func gateway(ctx context.Context, layout *devsetup.Layout, front http.Handler) error {
	// Whoever reaches it reaches every service, and reads what is sent.
	listen := layout.Gateway.Addr
	address, err := netip.ParseAddrPort(listen)
	if err != nil || !address.Addr().IsLoopback() {
		return fmt.Errorf("gateway: %q is not a loopback address with a port, such as 127.0.0.1:7100", listen)
	}
	handler, err := gatewayHandler(layout, front)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("gateway: %w", err)
	}
	return serveGateway(ctx, listener, handler)
}

func serveGateway(ctx context.Context, listener net.Listener, handler http.Handler) error {
	// There is no limit to writing, for the sake of streams, nor to reading, since
	// the services have one.
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, ErrorLog: quiet()}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("gateway: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), gatewayGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	<-ended
	return nil
}

// gatewayHandler sends a request on to the service that its host names. It trusts the
// layout's authority alone.
func gatewayHandler(layout *devsetup.Layout, front http.Handler) (http.Handler, error) {
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		// Each service is asked by its public name, so that its certificate is checked
		// for that.
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			there, known := layout.Names[host]
			if !known {
				return nil, errors.New("no service has the name " + host)
			}
			return (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, network, there)
		},
		TLSClientConfig:       &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   5 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		IdleConnTimeout:       time.Minute,
		DisableCompression:    true, // what is packed passes as it is
	}
	doors := map[string]http.Handler{"localhost": front, "127.0.0.1": front}
	names := "  " + layout.Gateway.Front() + "/\n"
	for _, name := range devsetup.Services() {
		doors[hostOf(layout.Gateway.Host(name))] = door(layout.Services[name], transport)
		names += "  " + layout.Gateway.URL(name) + "/\n"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if one, known := doors[hostOf(r.Host)]; known {
			one.ServeHTTP(w, r)
			return
		}
		say(w, http.StatusNotFound, "Nothing has this name here. These are the names:\n"+names)
	}), nil
}

// door leads to one service.
func door(s devsetup.Service, transport http.RoundTripper) http.Handler {
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "https", s.Host
			// The service writes addresses, and judges where forms come from, by the name
			// that the browser uses.
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		Transport: transport, // streams are flushed at once by ReverseProxy itself
		ErrorLog:  quiet(),
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil { // else the browser has gone
				say(w, http.StatusBadGateway, "The service "+s.Name+" does not answer now.\n")
			}
		},
	}
}

// hostOf is a Host header without its port. Names are the same in capitals and with
// the dot of the root.
func hostOf(header string) string {
	host, _, err := net.SplitHostPort(header)
	if err != nil {
		host = header
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// say answers in plain text.
func say(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // the reader may be gone
}

// quiet logs nothing: the services log what they answer, and addresses of requests
// belong in no log.
func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
