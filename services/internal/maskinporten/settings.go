package maskinporten

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Settings are what a service's configuration says of Maskinporten. Empty: the
// service asks nobody for tokens.
type Settings struct {
	// URL is Maskinporten's base, such as https://maskinporten.no. In
	// development also http:// on loopback.
	URL string `yaml:"url"`
	// Audience is the aud of grants. Default: url with a slash at its end.
	Audience string `yaml:"audience"`
	// ClientID is the client's id at Maskinporten.
	ClientID string `yaml:"client_id"`
	// KeyID is the kid under which the public key is registered there.
	KeyID string `yaml:"key_id"`
	// KeyFile holds the RSA private key, PKCS#8 in PEM. Let its owner only
	// read it.
	KeyFile string `yaml:"key_file"`
}

// On says whether Maskinporten is configured.
func (s Settings) On() bool { return s.URL != "" }

// Validate says what is wrong. key is where the settings stand, such as
// "maskinporten".
func (s *Settings) Validate(key string, development bool) []fault.Violation {
	if *s == (Settings{}) {
		return nil
	}
	var all []fault.Violation
	when := func(broken bool, field, message string) {
		if broken {
			all = append(all, fault.Violation{Field: key + "." + field, Rule: "config." + key + "." + field, Message: message})
		}
	}
	when(!Reachable(s.URL, development), "url", "must begin with https://, or in development be http:// on a loopback address")
	when(s.ClientID == "", "client_id", "is missing: the client's id at Maskinporten")
	when(s.KeyID == "", "key_id", "is missing: the kid of the key at Maskinporten")
	_, err := os.Stat(s.KeyFile)
	when(s.KeyFile == "" || err != nil, "key_file", "must name a file with the RSA private key, PKCS#8 in PEM")
	return all
}

// Reachable says whether a register may be asked at a URL: https, or in
// development http on this machine.
func Reachable(base string, development bool) bool {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && development && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Open reads the key and makes the client.
func Open(s Settings, web Doer, c clock.Clock, random io.Reader) (*Client, error) {
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read Maskinporten key: %w", err)
	}
	key, err := ParseKey(text)
	if err != nil {
		return nil, fmt.Errorf("read Maskinporten key %s: %w", s.KeyFile, err)
	}
	audience := s.Audience
	if audience == "" {
		audience = s.URL + "/"
	}
	return New(Config{URL: s.URL, Audience: audience, ClientID: s.ClientID, KeyID: s.KeyID, Key: key, HTTP: web, Clock: c, Random: random}), nil
}

// ParseKey reads an RSA private key of 2048 bits or more, PKCS#8 in PEM. Its
// errors hold nothing of the key.
func ParseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, errors.New("the file is no PKCS#8 private key in PEM")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, errors.New("the file is no PKCS#8 private key in PEM")
	}
	key, isSigner := parsed.(crypto.Signer)
	if !isSigner {
		return nil, errors.New("the key cannot sign")
	}
	if err := checkKey(key); err != nil {
		return nil, err
	}
	return key, nil
}
