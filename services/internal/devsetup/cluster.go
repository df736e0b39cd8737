package devsetup

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// How much of everything a cluster has.
const (
	clusterReplicas = 2
	clusterNATS     = 3
	clusterPostgres = 3
)

// Cluster is the part of a Layout for what a cluster has more of than one. The
// addresses of Layout.Services are then those of the proxy.
type Cluster struct {
	// Replicas are the processes of the services, issuer-1, issuer-2, ...: each a
	// Service whose addresses, data directory and configuration are its own.
	Replicas []Replica
	NATS     []Member
	Postgres []Database
	// SocketDir is where the PostgreSQL servers have their Unix sockets. Its path
	// is short, as such paths must be.
	SocketDir string
	RedisAddr string
	RedisDir  string
	ProxyFile string
}

// Replica is one process of a service.
type Replica struct {
	Name string // such as issuer-1
	Service
}

// Member is one server of the event bus.
type Member struct {
	Name      string // such as nats-1
	Addr      string // for clients, 127.0.0.1:port
	RouteAddr string // for the other members
	StoreDir  string
}

// Database is one PostgreSQL server.
type Database struct {
	Name string // such as postgres-1
	Port int
	Dir  string
}

// clusterPorts is what cluster.yaml keeps.
type clusterPorts struct {
	Replicas  map[string]Ports `yaml:"replicas"`
	NATS      []Ports          `yaml:"nats"` // public for clients, internal for routes
	Postgres  []int            `yaml:"postgres"`
	Redis     int              `yaml:"redis"`
	SocketDir string           `yaml:"socket_dir"`
}

// cluster says where everything of a cluster will be, and has the layout lead to
// it.
func (l *Layout) cluster(options Options) error {
	chosen, err := chooseClusterPorts(filepath.Join(l.Dir, "cluster.yaml"), options)
	if err != nil {
		return err
	}
	at := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	c := &Cluster{
		SocketDir: chosen.SocketDir, RedisAddr: at(chosen.Redis), RedisDir: filepath.Join(l.Dir, "redis"),
		ProxyFile: filepath.Join(l.Dir, "haproxy.cfg"),
	}
	var urls []string
	for i, p := range chosen.NATS {
		name := fmt.Sprintf("nats-%d", i+1)
		c.NATS = append(c.NATS, Member{Name: name, Addr: at(p.Public), RouteAddr: at(p.Internal), StoreDir: filepath.Join(l.Dir, "nats", name)})
		urls = append(urls, "tls://"+at(p.Public))
	}
	l.NATS.URL = strings.Join(urls, ",")
	for i, port := range chosen.Postgres {
		name := fmt.Sprintf("postgres-%d", i+1)
		c.Postgres = append(c.Postgres, Database{Name: name, Port: port, Dir: filepath.Join(l.Dir, "postgres", name)})
	}
	for _, name := range Services() {
		s := l.Services[name]
		for i := range clusterReplicas {
			one := Replica{Name: fmt.Sprintf("%s-%d", name, i+1), Service: s}
			one.PublicAddr, one.InternalAddr = at(chosen.Replicas[one.Name].Public), at(chosen.Replicas[one.Name].Internal)
			one.BaseURL = "https://" + one.PublicAddr
			one.DataDir = filepath.Join(s.Dir, fmt.Sprintf("data-%d", i+1))
			one.ConfigFile = filepath.Join(s.Dir, fmt.Sprintf("config-%d.yaml", i+1))
			c.Replicas = append(c.Replicas, one)
		}
		// What works on a service's database works on either replica's.
		s.ConfigFile = filepath.Join(s.Dir, "config-1.yaml")
		l.Services[name] = s
	}
	l.Cluster = c
	return nil
}

// AdminURL is the PostgreSQL cluster as its administrator reaches it.
func (c *Cluster) AdminURL() string { return c.databaseURL("postgres", c.SocketDir) }

// databaseURL names every server: a client finds the one that can be written to.
func (c *Cluster) databaseURL(user, host string) string {
	var hosts, ports []string
	for _, d := range c.Postgres {
		hosts, ports = append(hosts, host), append(ports, strconv.Itoa(d.Port))
	}
	query := url.Values{
		"host": {strings.Join(hosts, ",")}, "port": {strings.Join(ports, ",")},
		"target_session_attrs": {"read-write"}, "sslmode": {"disable"}, // loopback only
	}
	return (&url.URL{Scheme: "postgres", User: url.User(user), Path: "/kompetansespor", RawQuery: query.Encode()}).String()
}

func (c *Cluster) directories() []string {
	dirs := []string{c.RedisDir}
	for _, r := range c.Replicas {
		dirs = append(dirs, r.DataDir)
	}
	for _, m := range c.NATS {
		dirs = append(dirs, m.StoreDir)
	}
	return dirs
}

// socketDir begins the name of a folder of sockets that is made here.
const socketDir = "ks-pg-"

// clusterPort is the first of the ports of a cluster that are not the layout's: Redis,
// the replicas, the event bus, and PostgreSQL last.
const clusterPort = 7401

func chooseClusterPorts(path string, options Options) (chosen clusterPorts, err error) {
	content, err := keep(path, 0o600, func() ([]byte, error) {
		var found []int
		for i := range 2*clusterReplicas*len(Services()) + 2*clusterNATS + clusterPostgres + 1 {
			found = append(found, clusterPort+i)
		}
		if options.FreePorts {
			if found, err = freePorts(len(found)); err != nil {
				return nil, err
			}
		}
		next := func() (port int) {
			port, found = found[0], found[1:]
			return port
		}
		made := clusterPorts{Replicas: map[string]Ports{}, Redis: next()}
		for _, name := range Services() {
			for i := range clusterReplicas {
				made.Replicas[fmt.Sprintf("%s-%d", name, i+1)] = Ports{Public: next(), Internal: next()}
			}
		}
		for range clusterNATS {
			made.NATS = append(made.NATS, Ports{Public: next(), Internal: next()})
		}
		for range clusterPostgres {
			made.Postgres = append(made.Postgres, next())
		}
		if made.SocketDir = options.Sockets; made.SocketDir == "" {
			if made.SocketDir, err = os.MkdirTemp("", socketDir); err != nil {
				return nil, err
			}
		}
		return yaml.Marshal(made)
	})
	if err == nil {
		err = yaml.Unmarshal(content, &chosen)
	}
	if err != nil {
		return chosen, err
	}
	if !strings.HasPrefix(filepath.Base(chosen.SocketDir), socketDir) {
		return chosen, nil // it is somebody else's to make
	}
	if err := os.Mkdir(chosen.SocketDir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return chosen, fmt.Errorf("make the folder of PostgreSQL's sockets: %w", err)
	}
	return chosen, nil
}
