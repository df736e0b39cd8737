package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"maps"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// soon is how long before its end a certificate should be renewed.
const soon = 14 * 24 * time.Hour

func (c Config) certificates() (*rpc.Certificates, error) {
	return rpc.LoadCertificates(c.Common.TLS.CA, c.Common.TLS.Cert, c.Common.TLS.Key, nil)
}

// examineCertificate looks at the service's own certificate.
func examineCertificate(_ context.Context, c Config) (all []Finding) {
	certificates, err := c.certificates()
	if err != nil {
		return []Finding{bad("tls", "%v: the files must be PEM, and the key that of the certificate", err)}
	}
	own, err := certificates.Own()
	if err != nil {
		return []Finding{bad("tls.cert", "%v", err)}
	}
	leaf, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		return []Finding{bad("tls.cert", "%v", err)}
	}
	public, err := url.Parse(c.Common.PublicURL)
	if err != nil {
		return []Finding{bad("public_url", "%v", err)}
	}
	if err := leaf.VerifyHostname(public.Hostname()); err != nil {
		all = append(all, bad("tls.cert", "it does not name %s, by which the world reaches this service: have it issued for that name", public.Hostname()))
	}
	inside := slices.ContainsFunc(leaf.DNSNames, func(name string) bool { return strings.HasPrefix(name, c.Common.Service+".internal.") })
	if !inside {
		all = append(all, bad("tls.cert", "it does not name %s.internal.<domain>, by which other services know this one", c.Common.Service))
	}
	switch left := leaf.NotAfter.Sub(c.Now()); {
	case left <= 0:
		all = append(all, bad("tls.cert", "it ended %s: renew it; the service reads it again by itself", leaf.NotAfter.Format(time.DateTime)))
	case left < soon:
		all = append(all, odd("tls.cert", "it ends %s: renew it; the service reads it again by itself", leaf.NotAfter.Format(time.DateTime)))
	default:
		all = append(all, well("tls.cert", "valid until %s", leaf.NotAfter.Format(time.DateOnly)))
	}
	return all
}

// examineEventBus signs in to the event bus and looks for the service's stream.
func examineEventBus(ctx context.Context, c Config) []Finding {
	at := c.Common.NATS
	if at.URL == "" {
		return nil
	}
	password, err := os.ReadFile(at.PasswordFile)
	if err != nil {
		return nil // told of with the secrets
	}
	certificates, err := c.certificates()
	if err != nil {
		return nil // told of with the certificate
	}
	pool, err := certificates.Pool()
	if err != nil {
		return nil
	}
	conn, err := eventbus.Connect(eventbus.Config{URL: at.URL, User: at.User, Password: strings.TrimSpace(string(password)), CA: pool})
	if err != nil {
		return []Finding{bad("nats.url", "%s", because(err))}
	}
	defer conn.Close()
	if err := conn.Await(ctx, c.Patience); err != nil {
		return []Finding{bad("nats", "%s does not let %s in: look whether the server runs, its certificate is by tls.ca, and the password is the user's", at.URL, at.User)}
	}
	if !slices.Contains(eventbus.Standard(1).Producers, c.Common.Service) {
		return []Finding{well("nats", "%s is let in", at.User)}
	}
	bounded, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	if _, err := eventbus.NewPublisher(conn, c.Common.Service).At(bounded, 1); err != nil {
		return []Finding{bad("nats", "the stream %s does not answer: make it with kompetansespor nats reconcile", eventbus.Stream(c.Common.Service))}
	}
	return []Finding{well("nats", "%s is let in, and the stream %s answers", at.User, eventbus.Stream(c.Common.Service))}
}

// examineCache asks Redis, where one is named.
func examineCache(ctx context.Context, c Config) []Finding {
	if c.Common.Redis.URL == "" {
		return []Finding{odd("redis.url", "is not set: each process limits and remembers by itself, which is right for one process and not for several")}
	}
	shared, err := cache.OpenRedis(c.Common.Redis.URL, c.Common.Service)
	if err != nil {
		return []Finding{bad("redis.url", "%v", err)}
	}
	defer func() { _ = shared.Close() }()
	bounded, cancel := context.WithTimeout(ctx, c.Patience)
	defer cancel()
	if err := shared.Ping(bounded); err != nil {
		return []Finding{bad("redis.url", "Redis does not answer: start it, or correct the address. Without it cases go on, more slowly")}
	}
	return []Finding{well("redis.url", "Redis answers")}
}

// examinePeers asks each other service for its certificate, and shows ours.
func examinePeers(ctx context.Context, c Config) (all []Finding) {
	certificates, err := c.certificates()
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.Common.Peers)) {
		about, at := "peers."+name, c.Common.Peers[name]
		host, _, err := net.SplitHostPort(at)
		if err != nil {
			all = append(all, bad(about, "%s is no host:port", at))
			continue
		}
		address := at
		if other, ok := c.Common.Names[host]; ok {
			address = other
		}
		bounded, cancel := context.WithTimeout(ctx, c.Patience)
		conn, err := (&tls.Dialer{Config: certificates.MutualClient(host)}).DialContext(bounded, "tcp", address)
		cancel()
		if err != nil {
			all = append(all, bad(about, "%s is not reached as %s: %v. Start it, or correct the address; its certificate must name that host", name, host, err))
			continue
		}
		_ = conn.Close()
		all = append(all, well(about, "answers as %s", host))
	}
	return all
}
