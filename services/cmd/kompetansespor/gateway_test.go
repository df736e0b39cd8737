package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

func TestGatewayLeadsToEachServiceByItsName(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	issuer := layout.Services["issuer"]
	certificates, err := rpc.LoadCertificates(layout.CAFile, issuer.CertFile, issuer.KeyFile, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "issuer as "+r.Host+" over "+r.Header.Get("X-Forwarded-Proto"))
	}))
	server.TLS = certificates.PublicServer()
	server.StartTLS()
	t.Cleanup(server.Close)
	issuer.PublicAddr = server.Listener.Addr().String()
	layout.Services["issuer"] = issuer

	handler, err := gatewayHandler(layout, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "front") }))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(host string) (int, string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/x", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if _, got := ask(layout.Gateway.Host("issuer")); got != "issuer as "+layout.Gateway.Host("issuer")+" over http" {
		t.Errorf("the issuer's name leads to %q", got)
	}
	if _, got := ask("localhost:7100"); got != "front" {
		t.Errorf("localhost leads to %q", got)
	}
	if code, got := ask("evil.example"); code != http.StatusNotFound || !strings.Contains(got, "udi.localhost") {
		t.Errorf("an unknown name: %d %q", code, got)
	}
	if code, _ := ask(layout.Gateway.Host("bank")); code != http.StatusBadGateway {
		t.Errorf("a service that is away answers %d", code)
	}
}
