// Package demo plays the people of a case: the employer, the worker, the
// officers. It is a client like any other: it knows the services only by
// their public contracts, and each of its tokens opens one role.
package demo

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
)

// Place is where a service's public listener is, and what opens it.
type Place struct {
	Address string // host:port
	Host    string // the name that its certificate shows
	DID     string
	Token   string
}

// Target is a running system.
type Target struct {
	Authorities *x509.CertPool
	Registry    Place
	Issuer      Place
	Wallet      Place // its token opens wallets
	Verifier    Place
	Police      Place
	Tax         Place
	Bank        Place
	// Employer is who signs the offers.
	Employer Employer
	// Format is that in which wallets ask for credentials, ldp_vc or dc+sd-jwt;
	// empty leaves it to the wallet.
	Format string
	// Conn reaches a place in a simulated world. Nil: over the network.
	Conn func(Place) grpc.ClientConnInterface
	// Web carries people's HTTP requests there. Nil: the network does.
	Web http.RoundTripper
}

// Employer is an employer as the registry accredits it.
type Employer struct {
	OrganisationNumber string
	LegalName          string
	DID                string
}

// clients are the generated clients of a target.
type clients struct {
	target  Target
	conns   []*grpc.ClientConn
	browser *http.Client

	registry registryv1.RegistryServiceClient
	issuer   issuerv1.OfferServiceClient
	wallet   walletv1.WalletServiceClient
	verifier verifierv1.CaseServiceClient
	police   policev1.AppointmentServiceClient
	tax      taxv1.RegistrationServiceClient
	bank     bankv1.AccountServiceClient
}

// connect makes the clients; nothing is called yet.
func connect(t Target) (*clients, error) {
	c := &clients{target: t, browser: payer(t)}
	dial := func(p Place) (grpc.ClientConnInterface, error) {
		if t.Conn != nil {
			return t.Conn(p), nil
		}
		conn, err := t.Dial(p)
		if err != nil {
			return nil, err
		}
		c.conns = append(c.conns, conn)
		return conn, nil
	}
	conns := map[string]grpc.ClientConnInterface{}
	for name, place := range map[string]Place{
		"registry": t.Registry, "issuer": t.Issuer, "wallet": t.Wallet, "verifier": t.Verifier, "police": t.Police, "tax": t.Tax, "bank": t.Bank,
	} {
		conn, err := dial(place)
		if err != nil {
			c.close()
			return nil, err
		}
		conns[name] = conn
	}
	c.registry = registryv1.NewRegistryServiceClient(conns["registry"])
	c.issuer = issuerv1.NewOfferServiceClient(conns["issuer"])
	c.wallet = walletv1.NewWalletServiceClient(conns["wallet"])
	c.verifier = verifierv1.NewCaseServiceClient(conns["verifier"])
	c.police = policev1.NewAppointmentServiceClient(conns["police"])
	c.tax = taxv1.NewRegistrationServiceClient(conns["tax"])
	c.bank = bankv1.NewAccountServiceClient(conns["bank"])
	return c, nil
}

// Dial connects to a place over the network.
func (t Target) Dial(p Place) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+p.Address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: t.Authorities, ServerName: p.Host, NextProtos: []string{"h2"},
	})), grpc.WithUnaryInterceptor(record))
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", p.Host, err)
	}
	return conn, nil
}

// Public is a client for the services' public listeners, by the names that their
// certificates show.
func (t Target) Public() *http.Client {
	places := map[string]string{}
	for _, p := range []Place{t.Registry, t.Issuer, t.Wallet, t.Verifier, t.Police, t.Tax, t.Bank} {
		places[p.Host] = p.Address
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: t.Authorities},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, _, err := net.SplitHostPort(address); err == nil && places[host] != "" {
				address = places[host]
			}
			return dialer.DialContext(ctx, network, address)
		},
		MaxIdleConnsPerHost: 16,
	}}
}

func (c *clients) close() {
	for _, conn := range c.conns {
		_ = conn.Close()
	}
	c.browser.CloseIdleConnections()
}

// token shows a bearer token with a call.
type token string

func (t token) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(t)}, nil
}

func (token) RequireTransportSecurity() bool { return true }

// As makes a call as whoever a token stands for.
func As(t string) grpc.CallOption { return grpc.PerRPCCredentials(token(t)) }
