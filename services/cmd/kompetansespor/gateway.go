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
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// gateway serves browsers in development: http://issuer.localhost:7100 leads to the
// issuer, and so on, http://localhost:7100 to the front page. Browsers trust no
// authority of ours, but hold names below localhost to be safe; so the way from here
// to the services is TLS, and the way here never leaves the machine.
func gateway(ctx context.Context, layout *devsetup.Layout, front http.Handler) error {
	handler, err := gatewayHandler(layout, front)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", layout.Gateway.Addr)
	if err != nil {
		return fmt.Errorf("open the address for browsers: %w", err)
	}
	if !listener.Addr().(*net.TCPAddr).IP.IsLoopback() {
		return errors.Join(errors.New("browsers are served on loopback only"), listener.Close())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err = <-ended:
		return fmt.Errorf("serve browsers: %w", err)
	case <-ctx.Done():
	}
	_ = server.Close() // streams would go on
	<-ended
	return nil
}

func gatewayHandler(layout *devsetup.Layout, front http.Handler) (http.Handler, error) {
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return nil, err
	}
	byHost := map[string]http.Handler{"localhost": front, "127.0.0.1": front}
	hosts := []string{layout.Gateway.Front()}
	for _, name := range devsetup.Services() {
		host, _, _ := strings.Cut(layout.Gateway.Host(name), ":")
		byHost[host] = proxyTo(layout.Services[name], &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12, ServerName: layout.Services[name].Host})
		hosts = append(hosts, layout.Gateway.URL(name))
	}
	slices.Sort(hosts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		to, known := byHost[host]
		if !known {
			http.Error(w, "nothing is here; try "+strings.Join(hosts, ", "), http.StatusNotFound)
			return
		}
		to.ServeHTTP(w, r)
	}), nil
}

// proxyTo passes requests on to a service, under the name by which the browser
// knows it.
func proxyTo(s devsetup.Service, trust *tls.Config) http.Handler {
	to := &url.URL{Scheme: "https", Host: s.PublicAddr}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
		},
		FlushInterval: -1, // live parts are sent as they come
		Transport:     &http.Transport{TLSClientConfig: trust, DisableCompression: true, MaxIdleConnsPerHost: 32},
		ErrorLog:      log.New(io.Discard, "", 0), // streams end whenever a browser leaves
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, s.Name+" does not answer", http.StatusBadGateway)
		},
	}
}
