package devsetup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/standins/maskinporten"
)

// tokens makes the person's file of tokens and each service's file of hashes.
func (l *Layout) tokens(options Options) error {
	content, err := keep(l.TokensFile, 0o600, func() ([]byte, error) {
		made := slices.Clone(options.Tokens)
		for i := range made {
			var err error
			if made[i].Token, err = newToken(options.Random); err != nil {
				return nil, err
			}
		}
		return yaml.Marshal(made)
	})
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(content, &l.Tokens); err != nil {
		return fmt.Errorf("read %s: %w", l.TokensFile, err)
	}
	for _, name := range Services() {
		hashes := []map[string]string{}
		for _, t := range l.Tokens {
			if t.Service == name {
				sum := sha256.Sum256([]byte(t.Token))
				hashes = append(hashes, map[string]string{
					"sha256": hex.EncodeToString(sum[:]), "role": t.Role, "subject": t.Subject,
				})
			}
		}
		if _, err := keep(l.Services[name].TokensFile, 0o600, func() ([]byte, error) { return yaml.Marshal(hashes) }); err != nil {
			return err
		}
	}
	return nil
}

// What stands in a configuration until it is written.
const (
	StandInsURL = "{stand-ins}" // base URL of the stand-ins
	DataDir     = "{dir}"       // the data directory
	WalletPages = "{wallet}"    // where browsers reach the web wallet
	UDIPages    = "{udi}"       // where browsers reach UDI; empty where none come
)

// MaskinportenKeyID is the kid of every development client's key.
const MaskinportenKeyID = "development-1"

// MaskinportenKeyFile is where a service's key for Maskinporten is, in DataDir.
func MaskinportenKeyFile(service string) string {
	return filepath.Join(DataDir, service, "maskinporten.pem")
}

// maskinportenClients makes a key for each service that asks Maskinporten for
// tokens, and tells the stand-in its public half.
func (l *Layout) maskinportenClients(options Options) error {
	dir := filepath.Join(l.StandIns.Dir, "maskinporten")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, c := range options.Maskinporten {
		keyFile := strings.ReplaceAll(MaskinportenKeyFile(c.Service), DataDir, l.Dir)
		err := maskinporten.Enrol(dir, options.Random, maskinporten.Client{
			ID: c.ClientID, OrganisationNumber: c.OrganisationNumber, Scopes: c.Scopes,
		}, MaskinportenKeyID, keyFile)
		if err != nil {
			return fmt.Errorf("enrol %s at Maskinporten: %w", c.Service, err)
		}
	}
	return nil
}

// configurations writes each service's configuration file.
func (l *Layout) configurations(options Options) error {
	signIns, err := l.signIns(options)
	if err != nil {
		return fmt.Errorf("prepare sign-in: %w", err)
	}
	udi := ""
	if options.Browsers {
		udi = l.Gateway.URL("verifier")
	}
	known := strings.NewReplacer(StandInsURL, l.StandIns.URL, DataDir, l.Dir, WalletPages, l.Gateway.URL("wallet"), UDIPages, udi)
	for _, name := range Services() {
		common, err := l.common(name, options)
		if err != nil {
			return fmt.Errorf("configure %s: %w", name, err)
		}
		common.SignIn, common.People = signIns[name].SignIn, signIns[name].People
		for file, one := range l.processes(name, common) {
			_, err = keep(file, 0o600, func() ([]byte, error) {
				text, err := render(name, one, options.Extra[name])
				return []byte(known.Replace(string(text))), err
			})
			if err != nil {
				return fmt.Errorf("configure %s: %w", name, err)
			}
		}
	}
	return nil
}

// processes are the configurations of a service's processes, by file.
func (l *Layout) processes(name string, common config.Common) map[string]config.Common {
	if l.Cluster == nil {
		return map[string]config.Common{l.Services[name].ConfigFile: common}
	}
	all := map[string]config.Common{}
	for _, r := range l.Cluster.Replicas {
		if r.Service.Name == name {
			one := common
			one.PublicListen, one.InternalListen, one.DataDir = r.PublicAddr, r.InternalAddr, r.DataDir
			one.Redis = config.Redis{URL: "redis://" + l.Cluster.RedisAddr}
			all[r.ConfigFile] = one
		}
	}
	return all
}

// database is a service's own: a file, or a schema that it reads and writes
// with a role of its name.
func (l *Layout) database(name string, options Options) (config.Database, error) {
	s := l.Services[name]
	if options.Postgres == "" {
		return config.Database{Driver: "sqlite", DSN: s.DataDir + string(os.PathSeparator) + name + ".db"}, nil
	}
	u, err := url.Parse(options.Postgres)
	if err != nil {
		return config.Database{}, fmt.Errorf("the URL of PostgreSQL: %w", err)
	}
	u.User = url.User(name)
	return config.Database{Driver: "postgres", DSN: u.String(), PasswordFile: s.PasswordFile}, nil
}

func (l *Layout) common(name string, options Options) (config.Common, error) {
	s := l.Services[name]
	database, err := l.database(name, options)
	if err != nil {
		return config.Common{}, err
	}
	c := config.Common{
		Service: name, DataDir: s.DataDir,
		PublicListen: s.PublicAddr, InternalListen: s.InternalAddr,
		PublicURL: s.PublicURL, DID: s.DID,
		Development: true, VCAPIExamples: true, Names: l.Names,
		TLS:           config.TLS{CA: l.CAFile, Cert: s.CertFile, Key: s.KeyFile},
		MasterKeyFile: s.MasterKeyFile,
		Database:      database,
		Telemetry:     config.Telemetry{Endpoint: options.TelemetryEndpoint},
		Peers:         map[string]string{},
		Callers:       map[string][]string{},
		TokensFile:    s.TokensFile,
	}
	if password, ok := l.NATS.PasswordFiles[name]; ok {
		c.NATS = config.NATS{URL: l.NATS.URL, User: name, PasswordFile: password, CA: l.CAFile}
	}
	for _, peer := range others(name) {
		// The address is production's form; Names says where it is here.
		_, port, _ := net.SplitHostPort(l.Services[peer].InternalAddr)
		c.Peers[peer] = net.JoinHostPort(InternalName(peer), port)
	}
	for method, services := range options.Callers[name] {
		for _, caller := range services {
			c.Callers[method] = append(c.Callers[method], InternalName(caller))
		}
	}
	return c, nil
}

// render writes a configuration, further keys after the common ones.
func render(name string, common config.Common, extra map[string]any) ([]byte, error) {
	text, err := yaml.Marshal(common)
	if err != nil {
		return nil, err
	}
	head := "# Development configuration of " + name + ", made once. It is yours to edit: it is\n" +
		"# never written again. Remove it to have it made anew.\n"
	text = append([]byte(head), text...)
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		line, err := yaml.Marshal(map[string]any{key: extra[key]})
		if err != nil {
			return nil, err
		}
		text = append(text, line...)
	}
	return text, nil
}
