package config

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/altinn"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/signin"
)

// Common is what every service is told. A service's own Config embeds it:
//
//	type Config struct {
//		config.Common `yaml:",inline"`
//		// TrustList is where the registry publishes its trust list.
//		TrustList string `yaml:"trust_list"`
//	}
//
// and its Validate begins with c.Common.Validate(config.Needs{...}).
type Common struct {
	// Service is the service's own name: registry, issuer, wallet, verifier,
	// police, tax or bank. Required.
	Service string `yaml:"service"`

	// DataDir is the directory that the service keeps its files in (database
	// files in the embedded default). It must exist and be writable. Required.
	DataDir string `yaml:"data_dir"`

	// PublicListen is the address, host:port, of the HTTPS listener that
	// serves REST, gRPC, pages, DIDComm and DID documents. Required.
	PublicListen string `yaml:"public_listen"`

	// InternalListen is the address, host:port, of the gRPC listener that
	// other services call over mutual TLS. Required.
	InternalListen string `yaml:"internal_listen"`

	// PublicURL is how the world reaches PublicListen: https, a host and
	// perhaps a port, no path, such as https://issuer.kompetansespor.example.
	// Required.
	PublicURL string `yaml:"public_url"`

	// DID is the organisation's did:web, such as
	// did:web:police.kompetansespor.example. Empty for the wallet, which has
	// none of its own.
	DID string `yaml:"did"`

	// Development permits what production must not have: Names, peers on
	// loopback addresses, the development mail sink. Default false.
	Development bool `yaml:"development"`

	// VCAPIExamples lets the VC API issue and verify credentials of the types
	// and contexts of the specifications' examples, which mean nothing here.
	// Only with development. Default false.
	VCAPIExamples bool `yaml:"vc_api_examples"`

	// Names maps a host name to the host:port to connect to instead of asking
	// DNS. TLS still checks the name. Only with development.
	Names map[string]string `yaml:"names"`

	// TLS is the service's certificate and the authority it trusts.
	TLS TLS `yaml:"tls"`

	// MasterKeyFile holds the 32 random bytes that lock the key store. Let
	// its owner only read it. Required.
	MasterKeyFile string `yaml:"master_key_file"`

	// Database is where the service's durable state lives.
	Database Database `yaml:"database"`

	// NATS is the event bus.
	NATS NATS `yaml:"nats"`

	// DIDComm is how the service's DIDComm agent behaves.
	DIDComm DIDComm `yaml:"didcomm"`

	// Redis is the short-lived store.
	Redis Redis `yaml:"redis"`

	// Altinn is where the service's events are passed on to subscribers outside.
	Altinn altinn.Settings `yaml:"altinn,omitempty"`

	// Telemetry is where traces and metrics go.
	Telemetry Telemetry `yaml:"telemetry"`

	// Peers maps the name of another service to its internal listener,
	// host:port. The host is the name that its certificate must show, such as
	// verifier.internal.kompetansespor.example:7443.
	Peers map[string]string `yaml:"peers"`

	// Callers maps a full gRPC method of the internal listener to the
	// certificate names that may call it, such as
	//   /kompetansespor.verifier.v1.ViewService/GetView:
	//     [police.internal.kompetansespor.example]
	// A method that is not listed may be called by nobody. Health and
	// reflection answer every certificate and are not listed.
	Callers map[string][]string `yaml:"callers"`

	// TokensFile is a YAML list of {sha256, role, subject}: the bearer tokens
	// of the public listener, by the hexadecimal SHA-256 of the token.
	// Required.
	TokensFile string `yaml:"tokens_file"`

	// SignIn is where people sign in to the service's pages.
	SignIn signin.Settings `yaml:"sign_in,omitempty"`

	// People are those who work with the service's pages, by their subject at the
	// provider. Employers are not listed: their organisations trust them.
	People []Person `yaml:"people,omitempty"`

	// CrashAt names one crash point at which the process ends at once, as by
	// kill -9: a name, or name#n for its nth passage. For tests only, and only
	// with development. Empty: never.
	CrashAt string `yaml:"crash_at"`

	// ClockOff has the service's clock go ahead of the machine's, or behind it, by
	// some time, such as 45s or -45s. For tests only, and only with development.
	ClockOff time.Duration `yaml:"clock_off"`
}

// Person is somebody who works with a service's pages.
type Person struct {
	// Subject is the provider's word for the person at this service. Required.
	Subject string `yaml:"subject"`
	// Role is what the person is to the service: officer, clerk, programme. Required.
	Role string `yaml:"role"`
	// Office is where an officer works, as the service names its offices; for a clerk
	// of a bank, the bank's organisation number. Empty: nowhere in particular.
	Office string `yaml:"office,omitempty"`
}

// TLS names PEM files. They are read again when they change.
type TLS struct {
	// CA holds the authorities that sign the certificates of peers, and in
	// development those of public hosts. Required.
	CA string `yaml:"ca"`
	// Cert is the service's own certificate chain, for both listeners and as
	// a client. Its DNS names hold the host of public_url and the service's
	// internal name. Required.
	Cert string `yaml:"cert"`
	// Key is the private key of Cert. Required.
	Key string `yaml:"key"`
}

// Database says which database.
type Database struct {
	// Driver is sqlite, one file, or postgres, a server (15 or later) that
	// several replicas of the service share. Default sqlite.
	Driver string `yaml:"driver"`
	// DSN is the file's path, or a URL without a password, such as
	// postgres://tax@db-1.example,db-2.example/kompetansespor?target_session_attrs=primary&sslmode=verify-full&sslrootcert=/etc/ca.pem.
	// Default for sqlite: <data_dir>/<service>.db.
	DSN string `yaml:"dsn"`
	// PasswordFile holds the password of the role, one line. Only with
	// postgres. Empty: the server asks for none.
	PasswordFile string `yaml:"password_file,omitempty"`
}

// Source is the database as sqldb.Open takes it. It holds the password: it is
// for opening, and never for a log.
func (d Database) Source() (driver, dsn string, err error) {
	if d.PasswordFile == "" {
		return d.Driver, d.DSN, nil
	}
	password, err := os.ReadFile(d.PasswordFile)
	if err != nil {
		return "", "", fmt.Errorf("read database password: %w", err)
	}
	u, err := url.Parse(d.DSN)
	if err != nil || u.User == nil {
		return "", "", fault.New(fault.Invalid, "config.database.dsn", "must be a URL with a role, such as postgres://tax@db.example/kompetansespor")
	}
	u.User = url.UserPassword(u.User.Username(), strings.TrimSpace(string(password)))
	return d.Driver, u.String(), nil
}

func (d *Database) validate(w *findings, dataDir, service string) {
	switch {
	case d.Driver == "":
		d.Driver = "sqlite"
	case d.Driver != "sqlite" && d.Driver != "postgres":
		w.when(true, "database.driver", "must be sqlite or postgres")
		return
	}
	if d.Driver == "sqlite" {
		if d.DSN == "" && dataDir != "" {
			d.DSN = dataDir + "/" + service + ".db"
		}
		w.when(d.PasswordFile != "", "database.password_file", "is for postgres: remove it")
		return
	}
	u, err := url.Parse(d.DSN)
	w.when(err != nil || u.Scheme != "postgres" || u.User == nil || strings.Trim(u.Path, "/") == "", "database.dsn",
		"must be a URL with a role and a database, such as postgres://"+service+"@db.example/kompetansespor")
	if err == nil && u.User != nil {
		_, spoken := u.User.Password()
		w.when(spoken, "database.dsn", "holds a password: put it into a file and name that in database.password_file")
	}
	if d.PasswordFile != "" {
		w.file("database.password_file", d.PasswordFile)
	}
}

// NATS says how to reach the event bus. Only a service without events, the
// wallet, may leave url empty.
type NATS struct {
	// URL is the server, such as tls://nats.kompetansespor.example:4222;
	// several are separated by commas.
	URL string `yaml:"url"`
	// User is the service's NATS user. Default: the service's name.
	User string `yaml:"user"`
	// PasswordFile holds the user's password, one line.
	PasswordFile string `yaml:"password_file"`
	// CA holds the authorities that sign the server's certificate. Default:
	// tls.ca.
	CA string `yaml:"ca"`
}

// DIDComm says how patient the agent is.
type DIDComm struct {
	// Patience is how long a message may wait for something that does not
	// answer, such as a status list or a DID document, before it is refused:
	// what cannot be checked is not valid. Such as 90s. Default 2m.
	Patience time.Duration `yaml:"patience"`
}

// Redis says where short-lived state is kept.
type Redis struct {
	// URL is redis://, rediss:// or unix://. Empty: the process's own memory.
	URL string `yaml:"url"`
}

// Telemetry says where traces and metrics are sent.
type Telemetry struct {
	// Endpoint is an OTLP gRPC collector, http://host:4317 or
	// https://host:4317. Empty: nothing is sent; trace ids are still made and
	// passed on.
	Endpoint string `yaml:"endpoint"`
}

var serviceName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)
var fullMethod = regexp.MustCompile(`^/[a-zA-Z0-9_.]+/[a-zA-Z0-9_]+$`)

// Needs are what one service cannot work without and another can.
type Needs struct {
	// Peers are the services that it calls.
	Peers []string
	// Events says that it publishes or takes events.
	Events bool
	// Methods are the full gRPC methods of its internal listener: the ones
	// that callers may name.
	Methods []string
}

// Validate says everything that is wrong, and fills in the documented
// defaults. It reads no file but checks that the named ones are there.
func (c *Common) Validate(needs Needs) []fault.Violation {
	c.defaults()
	w := &findings{}
	w.when(!serviceName.MatchString(c.Service), "service", "must be the service's name in lower case, such as police")
	w.directory("data_dir", c.DataDir)
	w.listen("public_listen", c.PublicListen)
	w.listen("internal_listen", c.InternalListen)
	w.when(c.PublicListen != "" && c.PublicListen == c.InternalListen && !strings.HasSuffix(c.PublicListen, ":0"),
		"internal_listen", "is the same as public_listen: give the internal listener a port of its own")
	w.publicURL("public_url", c.PublicURL)
	w.when(c.DID != "" && !strings.HasPrefix(c.DID, "did:web:"), "did", "must begin with did:web:")
	w.file("tls.ca", c.TLS.CA)
	w.file("tls.cert", c.TLS.Cert)
	w.file("tls.key", c.TLS.Key)
	w.file("master_key_file", c.MasterKeyFile)
	w.file("tokens_file", c.TokensFile)
	c.Database.validate(w, c.DataDir, c.Service)
	c.validateNATS(w, needs.Events)
	w.scheme("redis.url", c.Redis.URL, "redis", "rediss", "unix")
	w.scheme("telemetry.endpoint", c.Telemetry.Endpoint, "http", "https")
	c.validateNames(w)
	c.validatePeers(w, needs.Peers)
	c.validateCallers(w, needs.Methods)
	c.validateCrash(w)
	c.validatePeople(w)
	w.when(c.VCAPIExamples && !c.Development, "vc_api_examples", "is for development: remove it, or set development: true")
	return slices.Concat(w.list, c.Altinn.Validate(c.Development), c.SignIn.Validate("sign_in", c.Development))
}

func (c *Common) defaults() {
	if c.DIDComm.Patience == 0 {
		c.DIDComm.Patience = 2 * time.Minute
	}
	if c.NATS.User == "" {
		c.NATS.User = c.Service
	}
	if c.NATS.CA == "" {
		c.NATS.CA = c.TLS.CA
	}
}

func (c *Common) validateNATS(w *findings, needed bool) {
	if c.NATS.URL == "" {
		w.when(needed, "nats.url", "is missing: without the event bus this service's events would never leave it")
		return
	}
	for one := range strings.SplitSeq(c.NATS.URL, ",") {
		w.scheme("nats.url", one, "tls", "nats")
	}
	w.file("nats.password_file", c.NATS.PasswordFile)
	if c.NATS.CA != c.TLS.CA {
		w.file("nats.ca", c.NATS.CA)
	}
}

func (c *Common) validatePeople(w *findings) {
	seen := map[Person]bool{}
	for i, p := range c.People {
		key := fmt.Sprintf("people[%d]", i)
		w.when(p.Subject == "" || p.Role == "", key, "needs subject and role")
		w.when(seen[p], key, "stands there twice")
		seen[p] = true
	}
}

func (c *Common) validateNames(w *findings) {
	w.when(len(c.Names) > 0 && !c.Development, "names", "is for development: remove it, or set development: true")
	for host, address := range c.Names {
		w.hostPort("names."+host, address)
	}
}

func (c *Common) validatePeers(w *findings, needed []string) {
	for _, peer := range needed {
		_, there := c.Peers[peer]
		w.when(!there, "peers."+peer, "is missing: name the internal listener of "+peer+", host:port")
	}
	for peer, address := range c.Peers {
		w.hostPort("peers."+peer, address)
	}
}

func (c *Common) validateCallers(w *findings, known []string) {
	for method, names := range c.Callers {
		key := "callers." + method
		switch {
		case !fullMethod.MatchString(method):
			w.when(true, key, "must be a full gRPC method such as /package.Service/Method")
		case !slices.Contains(known, method):
			w.when(true, key, "is no method of this service's internal listener: remove it, or look for a misspelling")
		}
		w.when(len(names) == 0, key, "lists nobody: name the certificates that may call it, or remove the line")
		for _, name := range names {
			w.when(!strings.Contains(name, ".") || strings.ContainsAny(name, "*/ "), key,
				"must list full certificate names such as police.internal.kompetansespor.example")
		}
	}
}

func (c *Common) validateCrash(w *findings) {
	w.when(c.ClockOff != 0 && !c.Development, "clock_off", "is for tests: remove it, or set development: true")
	if c.CrashAt == "" {
		return
	}
	w.when(!c.Development, "crash_at", "is for tests: remove it, or set development: true")
	if _, _, err := crash.Parse(c.CrashAt); err != nil {
		w.when(true, "crash_at", "cannot be used: "+err.Error())
	}
}

// findings collects what is wrong.
type findings struct{ list []fault.Violation }

func (w *findings) when(broken bool, key, message string) {
	if broken {
		w.list = append(w.list, fault.Violation{Field: key, Rule: "config." + key, Message: message})
	}
}

func (w *findings) file(key, path string) {
	if path == "" {
		w.when(true, key, "is missing: name a file")
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		w.when(true, key, fmt.Sprintf("names %s, which cannot be read: create it, or correct the path", path))
	case info.IsDir():
		w.when(true, key, fmt.Sprintf("names %s, which is a directory: name a file", path))
	}
}

func (w *findings) directory(key, path string) {
	if path == "" {
		w.when(true, key, "is missing: name a directory")
		return
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		w.when(true, key, fmt.Sprintf("names %s, which is not a directory: create it, or correct the path", path))
	}
}

func (w *findings) listen(key, address string) {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	w.when(err != nil, key, "must be host:port, such as 127.0.0.1:7101")
}

func (w *findings) hostPort(key, address string) {
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	w.when(err != nil || host == "", key, "must be host:port, such as 127.0.0.1:7101")
}

func (w *findings) publicURL(key, value string) {
	u, err := url.Parse(value)
	bad := err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil ||
		(u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.Fragment != ""
	w.when(bad, key, "must be https:// and a host, without a path, such as https://issuer.kompetansespor.example")
}

func (w *findings) scheme(key, value string, allowed ...string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err == nil {
		for _, scheme := range allowed {
			if u.Scheme == scheme {
				return
			}
		}
	}
	w.when(true, key, "must begin with "+strings.Join(allowed, ":// or ")+"://")
}

// TrustList says where the registry publishes who may issue what.
type TrustList struct {
	// Registry is the registry's DID; a list by anybody else is refused.
	// Required.
	Registry string `yaml:"registry"`
	// URL is where the list is, such as
	// https://registry.kompetansespor.example/trust-list. Required.
	URL string `yaml:"url"`
}

// Validate says what is wrong.
func (t TrustList) Validate() []fault.Violation {
	w := &findings{}
	w.when(!strings.HasPrefix(t.Registry, "did:web:"), "trust_list.registry", "must be the registry's did:web")
	w.scheme("trust_list.url", t.URL, "https")
	w.when(t.URL == "", "trust_list.url", "is missing: name the URL of the trust list")
	return w.list
}
