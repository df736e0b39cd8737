package cluster

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

const (
	// pauseBefore is how long who has died stays dead.
	pauseBefore = 500 * time.Millisecond
	// stopLimit is how long a process may take to stop when asked.
	stopLimit = 20 * time.Second
)

// keep starts a process of a tier, and again when it ends, until the tier does;
// then it is asked to stop, and waited for.
func (r *runner) keep(in *tier, name string, command func() *exec.Cmd) {
	in.Go(func() error {
		for {
			cmd := command()
			cmd.Stdout, cmd.Stderr = r.Logs, r.Logs
			asNoted(r.Layout, name, cmd)
			if cmd.SysProcAttr == nil {
				cmd.SysProcAttr = &syscall.SysProcAttr{}
			}
			cmd.SysProcAttr.Setpgid = true // a person's Ctrl-C is the cluster's to pass on
			if err := cmd.Start(); err != nil {
				return fmt.Errorf("start %s: %w", name, err)
			}
			if err := writePID(r.Layout.PIDs, name, cmd.Process.Pid); err != nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				return err
			}
			ended := make(chan struct{})
			go func() {
				_ = cmd.Wait() // how it ended is in its own log
				close(ended)
			}()
			select {
			case <-ended:
			case <-in.ctx.Done():
				r.stop(name, cmd.Process, ended)
				return nil
			}
			fmt.Fprintf(r.Logs, "{\"level\":\"WARN\",\"msg\":\"a process of the cluster has ended and is started again\",\"process\":%q}\n", name)
			for wait := true; wait; wait = held(r.Layout, name) {
				select {
				case <-in.ctx.Done():
					return nil
				case <-time.After(pauseBefore):
				}
			}
		}
	})
}

func (r *runner) stop(name string, process *os.Process, ended <-chan struct{}) {
	signal := syscall.SIGTERM
	if strings.HasPrefix(name, "postgres") {
		signal = syscall.SIGINT // fast shutdown: SIGTERM waits for every client
	}
	_ = process.Signal(signal)
	select {
	case <-ended:
	case <-time.After(stopLimit):
		_ = process.Kill()
		<-ended
	}
	_ = os.Remove(filepath.Join(r.Layout.PIDs, name))
}

func writePID(dir, name string, pid int) error {
	return os.WriteFile(filepath.Join(dir, name), []byte(strconv.Itoa(pid)), 0o600)
}

// Signal sends a signal to what runs under a name, such as issuer-1.
func Signal(layout *devsetup.Layout, name string, signal syscall.Signal) error {
	for deadline := time.Now().Add(10 * pauseBefore); ; {
		pid, err := readPID(layout.PIDs, name)
		if err == nil {
			err = syscall.Kill(pid, signal)
		}
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) { // it was being started again
			return fmt.Errorf("%s to %s: %w", signal, name, err)
		}
		time.Sleep(pauseBefore / 10)
	}
}

// PID is the process that runs under a name.
func PID(layout *devsetup.Layout, name string) (int, error) { return readPID(layout.PIDs, name) }

// Hold keeps what ends from being started again, until Release.
func Hold(layout *devsetup.Layout, name string) error {
	return os.WriteFile(noteFile(layout, name, "held"), nil, 0o600)
}

// Release has what was held started again.
func Release(layout *devsetup.Layout, name string) error {
	return os.Remove(noteFile(layout, name, "held"))
}

func held(layout *devsetup.Layout, name string) bool {
	_, err := os.Stat(noteFile(layout, name, "held"))
	return err == nil
}

// NextStart gives what runs under a name a variable, such as NAME=value, when it
// is started next, and then no more.
func NextStart(layout *devsetup.Layout, name, variable string) error {
	return os.WriteFile(noteFile(layout, name, "environment"), []byte(variable), 0o600)
}

// Become has another program run under a name from its next start on, with the
// same arguments.
func Become(layout *devsetup.Layout, name, program string) error {
	return os.WriteFile(noteFile(layout, name, "program"), []byte(program), 0o600)
}

// asNoted changes a command as NextStart and Become have noted.
func asNoted(layout *devsetup.Layout, name string, cmd *exec.Cmd) {
	if program, err := os.ReadFile(noteFile(layout, name, "program")); err == nil {
		cmd.Path = string(program)
	}
	once := noteFile(layout, name, "environment")
	if variable, err := os.ReadFile(once); err == nil {
		_ = os.Remove(once)
		cmd.Env = append(cmd.Environ(), string(variable))
	}
}

// noteFile is beside the file with the process id.
func noteFile(layout *devsetup.Layout, name, what string) string {
	return filepath.Join(layout.PIDs, name+"."+what)
}

func readPID(dir, name string) (int, error) {
	content, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return 0, fmt.Errorf("%s does not run: %w", name, err)
	}
	return strconv.Atoi(strings.TrimSpace(string(content)))
}

func split(address string) (host, port string, err error) { return net.SplitHostPort(address) }
