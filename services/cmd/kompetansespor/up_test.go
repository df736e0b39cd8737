package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// up starts everything, prints base URLs and tokens that work, and stays until
// it is told to stop.
func TestUpPrintsWhereEverythingIsAndStays(t *testing.T) {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"up", "--data", dir, "--free-ports"}, stdout, &stderr)
		_ = stdout.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	lines.Scan() // it stands when the first line comes
	layout, err := devsetup.Prepare(dir, devsetup.Pilot())
	if err != nil {
		t.Fatal(err)
	}
	pages, bases, tokens := map[string]string{}, map[string]string{}, map[string]string{}
	for lines.Scan() && !strings.Contains(lines.Text(), "curl") {
		word := strings.Fields(lines.Text())
		switch {
		case len(word) < 3 || layout.Services[word[0]].Name == "":
		case len(word) == 4 && strings.HasPrefix(word[2], "https://"):
			pages[word[0]], bases[word[0]] = word[1], word[2]
		case tokens[word[0]] == "": // the first is the role that the lists below are for
			tokens[word[0]] = word[2]
		}
	}
	if len(bases) != 7 || len(tokens) != 7 {
		t.Fatalf("base URLs %v, tokens of %d services: %s", bases, len(tokens), stderr.String())
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

	stop()
	go func() { _, _ = io.Copy(io.Discard, out) }()
	if err := <-ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

// browser finds names below localhost on this machine, as browsers do.
func browser(layout *devsetup.Layout) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, layout.Gateway.Addr)
		},
	}}
}
