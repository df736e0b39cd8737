package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// manageNATS is the command for the event bus.
func manageNATS(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 && (args[0] == "reconcile" || args[0] == "recreate") {
		return reconcileNATS(ctx, args[0], args[1:], stdout, stderr)
	}
	return serveNATS(ctx, args, stderr)
}

// reconcileNATS makes the streams and consumers that a server or cluster of
// somebody else's lacks. What differs is told and left as it is. Recreate deletes
// the streams first.
func reconcileNATS(ctx context.Context, verb string, args []string, stdout, stderr io.Writer) error {
	set := flags("nats "+verb, stderr)
	url := set.String("url", "", "the `URL`s of the servers, separated by commas")
	passwordFile := set.String("password-file", "", "the `FILE` with the password of the user "+eventbus.AdminUser)
	ca := set.String("ca", "", "the `FILE` with the authorities that sign the servers' certificates")
	replicas := set.Int("replicas", 1, "how many servers keep each stream: `N`, 3 in a cluster")
	if err := set.Parse(args); err != nil {
		return err
	}
	password, err := os.ReadFile(*passwordFile)
	if err != nil {
		return fmt.Errorf("read the admin's password: %w", err)
	}
	authorities, err := readPool(*ca)
	if err != nil {
		return err
	}
	at := eventbus.Config{URL: *url, User: eventbus.AdminUser, Password: strings.TrimSpace(string(password)), CA: authorities}
	topology, do := eventbus.Standard(*replicas), (*eventbus.Admin).Reconcile
	if verb == "recreate" {
		do = (*eventbus.Admin).Recreate
	}
	drift, err := asAdmin(ctx, at, topology, do)
	if err != nil {
		return err
	}
	for _, one := range drift {
		fmt.Fprintln(stdout, one)
	}
	if len(drift) > 0 {
		return &exit{code: 1}
	}
	fmt.Fprintln(stdout, "the event bus is as it should be")
	return nil
}

// asAdmin connects as the admin and has a topology be there.
func asAdmin(
	ctx context.Context, at eventbus.Config, topology eventbus.Topology,
	do func(*eventbus.Admin, context.Context, eventbus.Topology) ([]string, error),
) (drift []string, err error) {
	admin, err := eventbus.Connect(at)
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	bounded, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return do(eventbus.NewAdmin(admin), bounded, topology)
}

// serveNATS runs the NATS server as a process of its own.
func serveNATS(ctx context.Context, args []string, stderr io.Writer) error {
	set := flags("nats", stderr)
	data := set.String("data", "", "the data `DIR`ectory")
	member := set.Int("member", 0, "run the `N`th server of the directory's cluster")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("name the data directory: --data DIR")
	}
	options := devsetup.Pilot()
	options.Clustered = *member > 0
	layout, err := devsetup.Prepare(*data, options)
	if err != nil {
		return err
	}
	start := startNATS
	if *member > 0 {
		start = func(_ context.Context, layout *devsetup.Layout, logs io.Writer) (*eventbus.Server, error) {
			return startMember(layout, *member, logs)
		}
	}
	server, err := start(ctx, layout, stderr)
	if err != nil {
		return err
	}
	<-ctx.Done()
	server.Stop()
	return nil
}

// startNATS starts the server and, as its admin, makes the streams and
// consumers that are missing.
func startNATS(ctx context.Context, layout *devsetup.Layout, logs io.Writer) (*eventbus.Server, error) {
	cfg, err := serverConfig(layout, 1, logs)
	if err != nil {
		return nil, err
	}
	server, err := eventbus.StartServer(cfg)
	if err != nil {
		return nil, err
	}
	drift, err := reconcileLayout(ctx, layout, server.URL(), cfg.Topology)
	if err != nil {
		server.Stop()
		return nil, err
	}
	for _, one := range drift {
		cfg.Log.Warn("event bus differs from what it should be", "drift", one)
	}
	return server, nil
}

// startMember starts one server of a cluster. Who starts them all makes streams
// and consumers, once they have found each other.
func startMember(layout *devsetup.Layout, n int, logs io.Writer) (*eventbus.Server, error) {
	if n > len(layout.Cluster.NATS) {
		return nil, fmt.Errorf("--member %d: the cluster has %d", n, len(layout.Cluster.NATS))
	}
	cfg, err := serverConfig(layout, len(layout.Cluster.NATS), logs)
	if err != nil {
		return nil, err
	}
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return nil, err
	}
	own := layout.Cluster.NATS[n-1]
	cfg.Listen, cfg.StoreDir = own.Addr, own.StoreDir
	// The servers trust each other with what only they and the admin know.
	cfg.Cluster = &eventbus.Member{Name: own.Name, Listen: own.RouteAddr, Secret: cfg.Passwords[eventbus.AdminUser], Authorities: authorities}
	for _, peer := range layout.Cluster.NATS {
		cfg.Cluster.Peers = append(cfg.Cluster.Peers, peer.RouteAddr)
	}
	return eventbus.StartServer(cfg)
}

// serverConfig is what every server of a layout has in common.
func serverConfig(layout *devsetup.Layout, replicas int, logs io.Writer) (eventbus.ServerConfig, error) {
	certificates, err := rpc.LoadCertificates(layout.CAFile, layout.NATS.CertFile, layout.NATS.KeyFile, nil)
	if err != nil {
		return eventbus.ServerConfig{}, fmt.Errorf("read NATS certificate: %w", err)
	}
	passwords, err := layout.NATS.ReadPasswords()
	return eventbus.ServerConfig{
		Listen: layout.NATS.Addr, StoreDir: layout.NATS.StoreDir, Certificate: certificates.Own,
		Topology: eventbus.Standard(replicas), Passwords: passwords,
		Log: telemetry.NewLogger(logs, "nats", slog.LevelInfo, clock.System{}),
	}, err
}

// reconcileLayout makes what the topology names and a layout's event bus lacks.
func reconcileLayout(ctx context.Context, layout *devsetup.Layout, url string, topology eventbus.Topology) ([]string, error) {
	passwords, err := layout.NATS.ReadPasswords()
	if err != nil {
		return nil, err
	}
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return nil, err
	}
	at := eventbus.Config{URL: url, User: eventbus.AdminUser, Password: passwords[eventbus.AdminUser], CA: authorities}
	return asAdmin(ctx, at, topology, (*eventbus.Admin).Reconcile)
}

func readPool(path string) (*x509.CertPool, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("read authorities: %s holds no certificate", path)
	}
	return pool, nil
}
