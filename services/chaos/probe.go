package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// probe asks from outside, as a client would, whether the issuer takes requests.
type probe struct {
	layout *devsetup.Layout
	client *http.Client
	cancel context.CancelFunc
	ended  sync.WaitGroup
	worst  time.Duration // read once it has stopped
}

const probeEvery = 50 * time.Millisecond

func startProbe(ctx context.Context, layout *devsetup.Layout, authorities *x509.CertPool) *probe {
	ctx, cancel := context.WithCancel(ctx)
	// Each question has a connection of its own, as a new client has.
	p := &probe{layout: layout, cancel: cancel, client: &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: authorities, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
	}}}
	p.ended.Go(func() {
		last := time.Now()
		for ctx.Err() == nil {
			if p.ready(ctx, "issuer") {
				p.worst = max(p.worst, time.Since(last))
				last = time.Now()
			}
			_ = pause(ctx, probeEvery)
		}
	})
	return p
}

func (p *probe) stop() error {
	p.cancel()
	p.ended.Wait()
	p.client.CloseIdleConnections()
	return nil
}

func (p *probe) ready(ctx context.Context, service string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.layout.Services[service].BaseURL+"/readyz", nil)
	if err != nil {
		return false
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// allReady waits until every service has said twice that it is ready.
func (p *probe) allReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recoverLimit)
	defer cancel()
	for _, name := range devsetup.Services() {
		for times := 0; times < 2; {
			if p.ready(ctx, name) {
				times++
				continue
			}
			times = 0
			if err := pause(ctx, probeEvery); err != nil {
				return fmt.Errorf("%s is not ready after %s", name, recoverLimit)
			}
		}
	}
	return nil
}
