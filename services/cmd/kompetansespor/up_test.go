package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// up starts everything, prints base URLs and tokens that work, and stays until
// it is told to stop.
func TestUpPrintsWhereEverythingIsAndStays(t *testing.T) {
	layout, printed := started(t, t.TempDir())
	pages, bases, tokens := map[string]string{}, map[string]string{}, map[string]string{}
	for _, line := range printed {
		word := strings.Fields(line)
		switch {
		case len(word) < 3 || layout.Services[word[0]].Name == "":
		case len(word) == 4 && strings.HasPrefix(word[2], "https://"):
			pages[word[0]], bases[word[0]] = word[1], word[2]
		case tokens[word[0]] == "": // the first is the role that the lists below are for
			tokens[word[0]] = word[2]
		}
	}
	if len(bases) != 7 || len(tokens) != 7 {
		t.Fatalf("base URLs %v, tokens of %d services", bases, len(tokens))
	}

	authorities, err := readPool(layout.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for service, path := range map[string]string{"issuer": "/v1/offers", "verifier": "/v1/cases", "registry": "/v1/accreditations"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, bases[service]+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+tokens[service])
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s%s: %d", service, path, answer.StatusCode)
		}
	}

	// The same services by the names that browsers know, and the page before them.
	seen := map[string]string{"front": layout.Gateway.Front() + "/"}
	for service := range bases {
		seen[service] = pages[service] + "/healthz"
	}
	for name, url := range seen {
		if !isReady(t.Context(), browser(layout), url) {
			t.Errorf("%s does not answer at %s", name, url)
		}
	}
}

// browser finds names below localhost on this machine, as browsers do, and keeps what
// is sent as it is.
func browser(layout *devsetup.Layout) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableCompression: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, layout.Gateway.Addr)
		},
	}}
}
