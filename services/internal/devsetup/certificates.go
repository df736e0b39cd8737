package devsetup

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Lifetimes are long, because development data directories are, and because
// tests move the clock.
const (
	caYears   = 20
	leafYears = 10
)

// authority signs development certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// certificates makes the authority and every certificate that is missing.
func (l *Layout) certificates(options Options) error {
	ca, err := l.authority(options)
	if err != nil {
		return fmt.Errorf("make authority: %w", err)
	}
	return l.leaves(func(certFile, keyFile string, hosts []string) error {
		return ca.leaf(options, certFile, keyFile, hosts)
	})
}

// Reissue makes every leaf certificate anew, for the same keys. Each ends after a
// lifetime; zero is the usual one. Options are those that the layout was prepared
// with.
func (l *Layout) Reissue(options Options, lifetime time.Duration) error {
	options = options.withDefaults()
	ca, err := l.authority(options)
	if err != nil {
		return fmt.Errorf("read authority: %w", err)
	}
	return l.leaves(func(certFile, keyFile string, hosts []string) error {
		keyPEM, err := os.ReadFile(keyFile)
		if err != nil {
			return err
		}
		key, err := parseKey(keyPEM)
		if err != nil {
			return fmt.Errorf("read %s: %w", keyFile, err)
		}
		certPEM, err := ca.certify(options, key, hosts, lifetime)
		if err != nil {
			return err
		}
		return write(certFile, 0o644, certPEM)
	})
}

// leaves calls f for everything that has a certificate.
func (l *Layout) leaves(f func(certFile, keyFile string, hosts []string) error) error {
	for _, name := range Services() {
		s := l.Services[name]
		hosts := []string{InternalName(name), name + "." + Domain}
		if s.Host != name+"."+Domain {
			hosts = append(hosts, s.Host)
		}
		if name == "registry" {
			hosts = append(hosts, SchemaHost)
		}
		if err := f(s.CertFile, s.KeyFile, hosts); err != nil {
			return fmt.Errorf("make certificate of %s: %w", name, err)
		}
	}
	return f(l.NATS.CertFile, l.NATS.KeyFile, []string{InternalName("nats"), "nats." + Domain})
}

func (l *Layout) authority(options Options) (*authority, error) {
	keyFile := filepath.Join(filepath.Dir(l.CAFile), "ca-key.pem")
	keyPEM, err := keep(keyFile, 0o600, newKey(options.Random))
	if err != nil {
		return nil, err
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", keyFile, err)
	}
	certPEM, err := keep(l.CAFile, 0o644, func() ([]byte, error) {
		template, err := template(options, "Kompetansespor development authority", caYears)
		if err != nil {
			return nil, err
		}
		template.IsCA = true
		template.BasicConstraintsValid = true
		template.MaxPathLenZero = true
		template.KeyUsage = x509.KeyUsageCertSign
		// Whoever trusts this authority on their machine trusts it for these
		// names only.
		template.PermittedDNSDomainsCritical = true
		template.PermittedDNSDomains = []string{Domain, "localhost"}
		template.PermittedIPRanges = []*net.IPNet{{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}
		return sign(options.Random, template, template, key, key)
	})
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(certPEM)
	if block == nil {
		return nil, fmt.Errorf("read %s: not PEM", l.CAFile)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", l.CAFile, err)
	}
	return &authority{cert: cert, key: key}, nil
}

// leaf makes a key and a certificate for hosts, unless they are there.
func (a *authority) leaf(options Options, certFile, keyFile string, hosts []string) error {
	keyPEM, err := keep(keyFile, 0o600, newKey(options.Random))
	if err != nil {
		return err
	}
	key, err := parseKey(keyPEM)
	if err != nil {
		return fmt.Errorf("read %s: %w", keyFile, err)
	}
	certPEM, err := keep(certFile, 0o644, func() ([]byte, error) {
		return a.certify(options, key, hosts, 0)
	})
	if err != nil {
		return err
	}
	_, err = tls.X509KeyPair(certPEM, keyPEM)
	return err
}

// certify signs a certificate of a key for hosts, that ends after a lifetime or,
// when that is zero, in leafYears.
func (a *authority) certify(options Options, key *ecdsa.PrivateKey, hosts []string, lifetime time.Duration) ([]byte, error) {
	template, err := template(options, hosts[0], leafYears)
	if err != nil {
		return nil, err
	}
	if lifetime > 0 {
		template.NotAfter = options.Clock.Now().Add(lifetime)
	}
	template.DNSNames = append(hosts, "localhost")
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	return sign(options.Random, template, a.cert, key, a.key)
}

func template(options Options, name string, years int) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(options.Random, serial); err != nil {
		return nil, err
	}
	serial[0] &= 0x7f
	now := options.Clock.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.AddDate(years, 0, 0),
	}, nil
}

func sign(random io.Reader, template, parent *x509.Certificate, key, by *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.CreateCertificate(random, template, parent, &key.PublicKey, by)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

func newKey(random io.Reader) func() ([]byte, error) {
	return func() ([]byte, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), random)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
	}
}

func parseKey(content []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("not PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	return key, nil
}
