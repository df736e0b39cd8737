package rpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// Certificates are a service's own certificate and the authorities it trusts,
// read from PEM files and read again when they change. A pair that cannot be
// read any more leaves the last good one in use: a rotation writes two files
// one after the other.
type Certificates struct {
	clock clock.Clock
	pair  *reloaded[*tls.Certificate]
	pool  *reloaded[*x509.CertPool]
}

// LoadCertificates reads the three PEM files: authorities, own chain, own key.
func LoadCertificates(ca, cert, key string, clk clock.Clock) (*Certificates, error) {
	if clk == nil {
		clk = clock.System{}
	}
	var pairInUse *tls.Certificate
	pair, err := reload(clk, func() (*tls.Certificate, error) {
		fresh, err := tls.LoadX509KeyPair(cert, key)
		switch {
		case err == nil:
			pairInUse = &fresh
		case pairInUse == nil:
			return nil, fmt.Errorf("load certificate %s: %w", cert, err)
		}
		return pairInUse, nil
	}, cert, key)
	if err != nil {
		return nil, err
	}
	var poolInUse *x509.CertPool
	pool, err := reload(clk, func() (*x509.CertPool, error) {
		fresh, err := readPool(ca)
		switch {
		case err == nil:
			poolInUse = fresh
		case poolInUse == nil:
			return nil, err
		}
		return poolInUse, nil
	}, ca)
	if err != nil {
		return nil, err
	}
	return &Certificates{clock: clk, pair: pair, pool: pool}, nil
}

func readPool(path string) (*x509.CertPool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read authorities %s: no certificate in it", path)
	}
	return pool, nil
}

// Pool is the authorities as they are now, for other clients such as fetch.
func (c *Certificates) Pool() (*x509.CertPool, error) { return c.pool.get() }

// Own is the service's own certificate, as the files have it.
func (c *Certificates) Own() (*tls.Certificate, error) { return c.pair.get() }

// PublicServer is the TLS of a listener for the world: 1.2 or newer, no
// client certificate.
func (c *Certificates) PublicServer() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		Time:       c.clock.Now,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.pair.get()
		},
	}
}

// MutualServer is the TLS of an internal listener: 1.3, and a client
// certificate of our authorities is required.
func (c *Certificates) MutualServer() *tls.Config {
	config := &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2"},
		Time:       c.clock.Now,
		ClientAuth: tls.RequireAndVerifyClientCert,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return c.pair.get()
		},
	}
	config.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		pool, err := c.pool.get()
		if err != nil {
			return nil, err
		}
		fresh := config.Clone()
		fresh.GetConfigForClient = nil
		fresh.ClientCAs = pool
		return fresh, nil
	}
	return config
}

// MutualClient is the TLS of a client of an internal listener whose
// certificate must show serverName.
func (c *Certificates) MutualClient(serverName string) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2"},
		Time:       c.clock.Now,
		ServerName: serverName,
		// The authorities may change while the client lives, so the chain is
		// verified below, at every handshake, with those of the moment.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return c.verify(state, serverName)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			return c.pair.get()
		},
	}
}

func (c *Certificates) verify(state tls.ConnectionState, serverName string) error {
	if len(state.PeerCertificates) == 0 || serverName == "" {
		return errors.New("the server showed no certificate, or no name was expected")
	}
	pool, err := c.pool.get()
	if err != nil {
		return err
	}
	between := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err = state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: pool, Intermediates: between, DNSName: serverName, CurrentTime: c.clock.Now(),
	})
	return err
}
