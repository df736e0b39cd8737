package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/standins"
)

// serveStandIns is the command that serves stand-ins for the registers outside.
func serveStandIns(ctx context.Context, args []string, _, stderr io.Writer) error {
	set := flags("stand-ins", stderr)
	listen := set.String("listen", "127.0.0.1:7300", "the loopback `ADDRESS` to listen on")
	dir := set.String("data", "data/stand-ins", "the `DIR`ectory of what they remember")
	if err := set.Parse(args); err != nil {
		return err
	}
	return runStandIns(ctx, *listen, *dir)
}

// standInGrace is how long answers that were begun may take at the end.
const standInGrace = 3 * time.Second

// runStandIns serves the stand-ins until ctx ends. They listen on loopback only:
// whoever reaches them may make them lie.
func runStandIns(ctx context.Context, listen, dir string) (err error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return fmt.Errorf("stand-ins: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("stand-ins listen on a loopback address only, such as 127.0.0.1:7300")
	}
	all, err := standins.Open(ctx, standins.Config{URL: "http://" + listen, Dir: dir, Clock: clock.System{}, Random: rand.Reader})
	if err != nil {
		return fmt.Errorf("open stand-ins: %w", err)
	}
	defer func() { err = errors.Join(err, all.Close()) }()
	server := &http.Server{Addr: listen, Handler: all, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err = <-ended:
		return fmt.Errorf("stand-ins: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), standInGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
	}
	<-ended
	return nil
}
