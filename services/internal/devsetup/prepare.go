// Package devsetup makes, once, what development needs around the services in
// a data directory: an authority and certificates, master keys, NATS
// passwords, tokens, and a configuration file for each service.
//
// It never changes a file that is there, so that everything survives
// restarts and a person's edits stand. Production has its own authority and
// secrets; nothing here is for it.
package devsetup

import (
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// Domain is the domain of every development host, RFC 2606.
const Domain = "kompetansespor.example"

// Services lists the services in the order in which they start.
func Services() []string {
	return []string{"registry", "issuer", "wallet", "verifier", "police", "tax", "bank"}
}

// Ports are a service's two listeners on 127.0.0.1.
type Ports struct {
	Public   int `yaml:"public"`
	Internal int `yaml:"internal"`
}

// Token is one development token. A service's tokens.yaml holds its hash only.
type Token struct {
	Service string `yaml:"service"`
	Role    string `yaml:"role"`
	Subject string `yaml:"subject"`
	Token   string `yaml:"token"`
}

// Options say what to prepare. The zero value is the fixed port table and the
// default tokens.
type Options struct {
	// FreePorts takes free ports instead of the fixed table. Either way the
	// first choice is kept in layout.yaml.
	FreePorts bool
	// Browsers has people led back to the gateway from pages of others, such as the
	// payment provider's, and not to the public names that only services find.
	Browsers bool
	// Tokens are the tokens to make (Token left empty). Nil: DefaultTokens.
	Tokens []Token
	// Callers maps a service to its internal methods, and those to the
	// services that may call them.
	Callers map[string]map[string][]string
	// Extra maps a service to further keys of its configuration. In its texts
	// StandInsURL and DataDir stand for what is known once ports are chosen.
	Extra map[string]map[string]any
	// People sign in at the stand-in of Ansattporten, and Resource is what
	// organisations trust them with. Nobody: services have no sign-in.
	People   []Person
	Resource string
	// Maskinporten are the clients that get a key and are known to the
	// stand-in.
	Maskinporten []MaskinportenClient
	// Postgres is the administrator's URL of a database that all services
	// share, each with a role and a schema of its own. Empty: each has a file.
	Postgres string
	// Clustered makes two replicas of each service behind a proxy, on three
	// PostgreSQL servers, three of the event bus and Redis. Postgres is then
	// chosen.
	Clustered bool
	// Sockets is the folder of the cluster's PostgreSQL sockets, when the directory is
	// made. Empty: a fresh one with a short path.
	Sockets string
	// TelemetryEndpoint goes into every configuration.
	TelemetryEndpoint string
	// Clock dates certificates. Nil: the machine's clock.
	Clock clock.Clock
	// Random makes keys and passwords. Nil: crypto/rand.
	Random io.Reader
}

// MaskinportenClient is a service that asks Maskinporten for access tokens.
type MaskinportenClient struct {
	Service            string
	ClientID           string
	OrganisationNumber string
	Scopes             []string
}

// DefaultTokens are one token for each role.
func DefaultTokens() []Token {
	return []Token{
		{Service: "registry", Role: "programme", Subject: "kompetansespor"},
		{Service: "issuer", Role: "employer", Subject: "310000019"},
		{Service: "wallet", Role: "operator", Subject: "wallet"},
		{Service: "verifier", Role: "officer", Subject: "officer-1"},
		{Service: "police", Role: "officer", Subject: "officer-1"},
		{Service: "tax", Role: "clerk", Subject: "clerk-1"},
		{Service: "bank", Role: "clerk", Subject: "clerk-1"},
	}
}

// Layout says where everything is.
type Layout struct {
	Dir        string
	PIDs       string // the folder that says which process is which, a file for each
	CAFile     string
	Services   map[string]Service
	NATS       NATS
	StandIns   StandIns
	Gateway    Gateway
	Cluster    *Cluster          // nil: there is one of everything
	Names      map[string]string // host -> 127.0.0.1:port
	TokensFile string            // development-tokens.yaml, for the person
	Tokens     []Token
}

// Service is one service's part of a Layout.
type Service struct {
	Name          string
	Host          string // public host name, such as udi.kompetansespor.example
	PublicURL     string // https:// and Host
	BaseURL       string // https://127.0.0.1:port, as a person's browser reaches it
	PublicAddr    string // 127.0.0.1:port
	InternalAddr  string // 127.0.0.1:port
	InternalName  string // certificate name, such as verifier.internal.kompetansespor.example
	DID           string // empty for the wallet
	Dir           string
	DataDir       string
	ConfigFile    string
	CertFile      string
	KeyFile       string
	MasterKeyFile string
	TokensFile    string
	// PasswordFile holds the password of its role in PostgreSQL, where it has one.
	PasswordFile string
}

// NATS is the event bus' part of a Layout.
type NATS struct {
	Addr          string // 127.0.0.1:port
	URL           string // tls://127.0.0.1:port
	CertFile      string
	KeyFile       string
	StoreDir      string
	PasswordFiles map[string]string // by user
}

// StandIns is the part of a Layout for the registers outside.
type StandIns struct {
	Addr string // 127.0.0.1:port
	URL  string // http://127.0.0.1:port
	Dir  string // what they remember, and the keys of Maskinporten's clients
}

// ReadPasswords reads every user's password.
func (n NATS) ReadPasswords() (map[string]string, error) {
	passwords := map[string]string{}
	for user, path := range n.PasswordFiles {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read NATS password of %s: %w", user, err)
		}
		passwords[user] = strings.TrimSpace(string(content))
	}
	return passwords, nil
}

// Token finds the development token of a service and role.
func (l *Layout) Token(service, role string) (string, bool) {
	for _, t := range l.Tokens {
		if t.Service == service && t.Role == role {
			return t.Token, true
		}
	}
	return "", false
}

// Host is a service's public host name. The verifier is UDI to the world.
func Host(service string) string {
	if service == "verifier" {
		service = "udi"
	}
	return service + "." + Domain
}

// SchemaHost is the host of contexts, schemas and credential types; the
// registry answers for it.
const SchemaHost = "schema." + Domain

// InternalName is the name that a service's certificate shows to others.
func InternalName(service string) string { return service + ".internal." + Domain }

// DID is the did:web of a service's organisation; the issuer's is its first
// tenant's, and the wallet has none.
func DID(service string) string {
	switch service {
	case "wallet":
		return ""
	case "issuer":
		return EmployerDID("310000019")
	}
	return "did:web:" + Host(service)
}

// natsUsers need passwords: every service that tells or listens, and the
// admin.
func natsUsers() []string {
	return []string{"registry", "issuer", "verifier", "police", "tax", "bank", "admin"}
}

// ports is what layout.yaml keeps.
type ports struct {
	Services map[string]Ports `yaml:"services"`
	NATS     int              `yaml:"nats"`
	StandIns int              `yaml:"stand_ins"`
	Gateway  int              `yaml:"gateway"`
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = clock.System{}
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Tokens == nil {
		o.Tokens = DefaultTokens()
	}
	return o
}

// Prepare makes what is missing in dir and says where everything is. It may
// be called at every start, by one process at a time.
func Prepare(dir string, options Options) (*Layout, error) {
	options = options.withDefaults()
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("prepare development: %w", err)
	}
	layout, err := prepare(dir, options)
	if err != nil {
		return nil, fmt.Errorf("prepare development in %s: %w", dir, err)
	}
	return layout, nil
}

func prepare(dir string, options Options) (*Layout, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	taken, err := choosePorts(filepath.Join(dir, "layout.yaml"), options.FreePorts)
	if err != nil {
		return nil, err
	}
	l := describe(dir, taken)
	if options.Clustered {
		if err := l.cluster(options); err != nil {
			return nil, err
		}
		options.Postgres = l.Cluster.databaseURL("", "127.0.0.1")
	}
	for _, needed := range l.directories() {
		if err := os.MkdirAll(needed, 0o700); err != nil {
			return nil, err
		}
	}
	if err := l.certificates(options); err != nil {
		return nil, err
	}
	if err := l.secrets(options); err != nil {
		return nil, err
	}
	if err := l.tokens(options); err != nil {
		return nil, err
	}
	if err := l.maskinportenClients(options); err != nil {
		return nil, err
	}
	return l, l.configurations(options)
}

// describe says where everything will be.
func describe(dir string, taken ports) *Layout {
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	l := &Layout{
		Dir:        dir,
		PIDs:       filepath.Join(dir, "pids"),
		CAFile:     filepath.Join(dir, "ca", "ca.pem"),
		TokensFile: filepath.Join(dir, "development-tokens.yaml"),
		Services:   map[string]Service{},
		Names:      map[string]string{},
	}
	for _, name := range Services() {
		own := filepath.Join(dir, name)
		s := Service{
			Name: name, Host: Host(name), PublicURL: "https://" + Host(name),
			PublicAddr: at(taken.Services[name].Public), InternalAddr: at(taken.Services[name].Internal),
			InternalName: InternalName(name), DID: DID(name),
			Dir: own, DataDir: filepath.Join(own, "data"), ConfigFile: filepath.Join(own, "config.yaml"),
			CertFile: filepath.Join(own, "cert.pem"), KeyFile: filepath.Join(own, "key.pem"),
			MasterKeyFile: filepath.Join(own, "master.key"), TokensFile: filepath.Join(own, "tokens.yaml"),
			PasswordFile: filepath.Join(own, "database.password"),
		}
		s.BaseURL = "https://" + s.PublicAddr
		l.Services[name] = s
		l.Names[s.Host] = s.PublicAddr
		l.Names[s.InternalName] = s.InternalAddr
	}
	l.Names[SchemaHost] = l.Services["registry"].PublicAddr
	l.Gateway = Gateway{Addr: at(taken.Gateway), port: strconv.Itoa(taken.Gateway)}
	l.StandIns = StandIns{Addr: at(taken.StandIns), URL: "http://" + at(taken.StandIns), Dir: filepath.Join(dir, "stand-ins")}
	nats := filepath.Join(dir, "nats")
	l.NATS = NATS{
		Addr: at(taken.NATS), URL: "tls://" + at(taken.NATS), StoreDir: filepath.Join(nats, "store"),
		CertFile: filepath.Join(nats, "cert.pem"), KeyFile: filepath.Join(nats, "key.pem"),
		PasswordFiles: map[string]string{},
	}
	for _, user := range natsUsers() {
		folder := filepath.Join(dir, user)
		if user == "admin" {
			folder = nats
		}
		l.NATS.PasswordFiles[user] = filepath.Join(folder, "nats.password")
	}
	return l
}

func (l *Layout) directories() []string {
	dirs := []string{filepath.Dir(l.CAFile), l.PIDs, l.NATS.StoreDir, l.StandIns.Dir}
	for _, s := range l.Services {
		dirs = append(dirs, s.DataDir)
	}
	if l.Cluster != nil {
		dirs = append(dirs, l.Cluster.directories()...)
	}
	return dirs
}

// choosePorts reads the ports chosen before, or chooses and keeps them.
func choosePorts(path string, free bool) (ports, error) {
	content, err := keep(path, 0o600, func() ([]byte, error) {
		chosen, err := newPorts(free)
		if err != nil {
			return nil, err
		}
		return yaml.Marshal(chosen)
	})
	if err != nil {
		return ports{}, err
	}
	var chosen ports
	if err := yaml.Unmarshal(content, &chosen); err != nil {
		return ports{}, fmt.Errorf("read %s: %w", path, err)
	}
	for _, name := range Services() {
		if p := chosen.Services[name]; p.Public == 0 || p.Internal == 0 {
			return ports{}, fmt.Errorf("%s has no ports for %s: remove the file to choose anew", path, name)
		}
	}
	if chosen.StandIns == 0 || chosen.Gateway == 0 {
		return ports{}, fmt.Errorf("%s has no port for the stand-ins or for browsers: remove the file, and the configurations beside it, to have them made anew", path)
	}
	return chosen, nil
}

func newPorts(free bool) (ports, error) {
	chosen := ports{Services: map[string]Ports{}, NATS: 7222, StandIns: 7300, Gateway: 7100}
	for i, name := range Services() {
		chosen.Services[name] = Ports{Public: 7101 + i, Internal: 7201 + i}
	}
	if !free {
		return chosen, nil
	}
	found, err := freePorts(2*len(Services()) + 3)
	if err != nil {
		return ports{}, err
	}
	for i, name := range Services() {
		chosen.Services[name] = Ports{Public: found[2*i], Internal: found[2*i+1]}
	}
	chosen.NATS, chosen.StandIns, chosen.Gateway = found[len(found)-1], found[len(found)-2], found[len(found)-3]
	return chosen, nil
}

// Free ports are looked for below those that systems give to connections: one of
// these could be taken by anybody before its listener comes.
const (
	lowestPort  = 10_000
	highestPort = 32_000
	blockOfPort = 100 // a claim and the ports behind it
)

// claims are the first ports of the blocks that this process chose from.
var claims struct {
	sync.Mutex
	held []net.Listener
}

// freePorts gives ports that nobody listens on and that no other process that asks
// gets as long as this one lives: it holds the first port of the block they are of.
func freePorts(n int) ([]int, error) {
	for range 1000 {
		first := lowestPort + blockOfPort*mathrand.IntN((highestPort-lowestPort)/blockOfPort)
		claim, err := listenOn(first)
		if err != nil {
			continue
		}
		if found := freeIn(first+1, first+blockOfPort, n); len(found) == n {
			claims.Lock()
			claims.held = append(claims.held, claim)
			claims.Unlock()
			return found, nil
		}
		if err := claim.Close(); err != nil {
			return nil, fmt.Errorf("find free ports: %w", err)
		}
	}
	return nil, fmt.Errorf("find %d free ports: every block of %d between %d and %d is taken: end what listens there", n, blockOfPort, lowestPort, highestPort)
}

// freeIn gives up to n ports in [low, high) that nobody listens on.
func freeIn(low, high, n int) (found []int) {
	for port := low; port < high && len(found) < n; port++ {
		if l, err := listenOn(port); err == nil && l.Close() == nil {
			found = append(found, port)
		}
	}
	return found
}

func listenOn(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}

// others are all services but one.
func others(name string) []string {
	return slices.DeleteFunc(Services(), func(s string) bool { return s == name })
}
