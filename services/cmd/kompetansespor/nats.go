package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// serveNATS is the command that runs the NATS server as a process of its own.
func serveNATS(ctx context.Context, args []string, stderr io.Writer) error {
	set := flags("nats", stderr)
	data := set.String("data", "", "the data `DIR`ectory")
	if err := set.Parse(args); err != nil {
		return err
	}
	if *data == "" {
		return errors.New("name the data directory: --data DIR")
	}
	layout, err := devsetup.Prepare(*data, devsetup.Pilot())
	if err != nil {
		return err
	}
	server, err := startNATS(ctx, layout, stderr)
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
	log := telemetry.NewLogger(logs, "nats", slog.LevelInfo, clock.System{})
	certificate, err := tls.LoadX509KeyPair(layout.NATS.CertFile, layout.NATS.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read NATS certificate: %w", err)
	}
	passwords, err := layout.NATS.ReadPasswords()
	if err != nil {
		return nil, err
	}
	authorities, err := readPool(layout.CAFile)
	if err != nil {
		return nil, err
	}
	topology := eventbus.Standard(1)
	server, err := eventbus.StartServer(eventbus.ServerConfig{
		Listen: layout.NATS.Addr, StoreDir: layout.NATS.StoreDir, Certificate: certificate,
		Topology: topology, Passwords: passwords, Log: log,
	})
	if err != nil {
		return nil, err
	}
	admin, err := eventbus.Connect(eventbus.Config{
		URL: server.URL(), User: eventbus.AdminUser, Password: passwords[eventbus.AdminUser], CA: authorities, Log: log,
	})
	if err != nil {
		server.Stop()
		return nil, err
	}
	defer admin.Close()
	bounded, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	drift, err := eventbus.NewAdmin(admin).Reconcile(bounded, topology)
	if err != nil {
		server.Stop()
		return nil, err
	}
	for _, one := range drift {
		log.Warn("event bus differs from what it should be", "drift", one)
	}
	return server, nil
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
