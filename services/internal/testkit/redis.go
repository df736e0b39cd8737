package testkit

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// Redis is a redis-server of a test's own.
type Redis struct {
	// URL is what a client connects to.
	URL    string
	socket string
	cmd    *exec.Cmd
}

// StartRedis starts a real redis-server in a directory of its own, reachable
// by a Unix socket, and stops it with the test. It skips by NeedTool where
// the program is missing.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	NeedTool(t, err == nil, "redis-server is not installed: the cache is tested on its memory adapter only")
	// A socket's path has at most 107 bytes, which t.TempDir may exceed.
	dir, err := os.MkdirTemp("", "redis-")
	if err != nil {
		t.Fatal(err)
	}
	r := &Redis{socket: filepath.Join(dir, "s")}
	r.URL = "unix://" + r.socket
	r.cmd = exec.CommandContext(context.Background(), program,
		"--port", "0", "--unixsocket", r.socket, "--dir", dir, "--save", "", "--appendonly", "no")
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Stop()
		_ = os.RemoveAll(dir)
	})
	deadline := clock.System{}.Now().Add(20 * time.Second)
	for !r.answers() {
		if (clock.System{}).Now().After(deadline) {
			t.Fatal("redis-server did not start")
		}
	}
	return r
}

// answers asks for PONG.
func (r *Redis) answers() bool {
	said, err := r.Ask("PING")
	return err == nil && said == "+PONG"
}

// Ask sends a command without arguments and gives the first line of the answer
// (RESP2), such as "+OK" or, to DBSIZE, ":3".
func (r *Redis) Ask(command string) (string, error) {
	conn, err := net.DialTimeout("unix", r.socket, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(clock.System{}.Now().Add(time.Second)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

// Stop kills the server, as a crash would.
func (r *Redis) Stop() {
	if r.cmd.ProcessState == nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}
