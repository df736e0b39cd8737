package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// started runs `up` on free ports in a data directory until the test ends, and gives
// its layout and what it has printed.
func started(tb testing.TB, dir string) (*devsetup.Layout, []string) {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"up", "--data", dir, "--free-ports"}, stdout, &stderr)
		_ = stdout.Close()
		ended <- err
	}()
	var printed []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		printed = append(printed, lines.Text())
		if bytes.Contains(lines.Bytes(), []byte("curl")) { // the last
			break
		}
	}
	tb.Cleanup(func() {
		stop()
		go func() { _, _ = io.Copy(io.Discard, out) }()
		if err := <-ended; err != nil {
			tb.Errorf("stopped with %v: %s", err, stderr.String())
		}
	})
	layout, err := devsetup.Prepare(dir, devsetup.Pilot())
	if err != nil {
		tb.Fatal(err)
	}
	return layout, printed
}
