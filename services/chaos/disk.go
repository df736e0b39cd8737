package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// member draws a server of the event bus, and says where it keeps its streams.
func (r *run) member() (name, store string) {
	name = r.one(cluster.Names(r.Layout)["nats"])
	if r.Layout.Cluster == nil {
		return name, r.Layout.NATS.StoreDir
	}
	for _, m := range r.Layout.Cluster.NATS {
		if m.Name == name {
			store = m.StoreDir
		}
	}
	return name, store
}

// whileDown ends a process, does something, and has it started again.
func (r *run) whileDown(ctx context.Context, name string, do func() error) error {
	pid, err := r.running(ctx, name)
	if err != nil {
		return err
	}
	if err := cluster.Hold(r.Layout, name); err != nil {
		return err
	}
	signal := syscall.SIGKILL
	if strings.HasPrefix(name, "postgres") {
		signal = syscall.SIGQUIT // ends its children as well, without a checkpoint
	}
	err = syscall.Kill(pid, signal)
	for err == nil && syscall.Kill(pid, 0) == nil {
		err = pause(ctx, lookEvery)
	}
	if err == nil {
		err = do()
	}
	return errors.Join(err, cluster.Release(r.Layout, name))
}

// running waits until a process runs, and gives its id.
func (r *run) running(ctx context.Context, name string) (int, error) {
	for {
		pid, err := cluster.PID(r.Layout, name)
		if err == nil {
			err = syscall.Kill(pid, 0)
		}
		if err == nil {
			return pid, nil
		}
		if waited := pause(ctx, lookEvery); waited != nil {
			return 0, fmt.Errorf("%s does not run: %w", name, err)
		}
	}
}

// damageMessages flips a bit in a file of messages. What the server makes of it is
// its own affair; who lacks events then asks for them, as an operator would.
func damageMessages(ctx context.Context, r *run) (string, error) {
	name, store := r.member()
	producer := r.producer()
	err := r.whileDown(ctx, name, func() error {
		files, err := filepath.Glob(filepath.Join(store, "jetstream", "*", "streams", eventbus.Stream(producer), "msgs", "*.blk"))
		if err != nil || len(files) == 0 {
			return err // nothing has happened there yet
		}
		content, err := os.ReadFile(files[0])
		if err != nil || len(content) == 0 {
			return err
		}
		content[r.random.IntN(len(content))] ^= 1 << r.random.IntN(8)
		return os.WriteFile(files[0], content, 0o600)
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("flipped a bit in %s of %s", eventbus.Stream(producer), name), r.reconcile(ctx)
}

// reconcile has all that is not where it should be published again.
func (r *run) reconcile(ctx context.Context) error {
	args := []string{"events", "reconcile", "--older", "10s"}
	for _, name := range devsetup.Services() {
		args = append(args, "--config", r.Layout.Services[name].ConfigFile)
	}
	said, err := exec.CommandContext(ctx, r.Program, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("reconcile events: %w: %s", err, said)
	}
	return nil
}

const (
	// smallDisk is the size of the disk that gets full.
	smallDisk = "64m"
	// fullFor is how long it is.
	fullFor = 5 * time.Second
)

// fillDisk puts a server's streams on a small disk, fills it, makes room again and
// starts the server anew, as it asks for: a server of the event bus that could not
// write no longer tries to. Mounting a disk takes root.
func fillDisk(ctx context.Context, r *run) (_ string, err error) {
	name, store := r.member()
	aside := store + ".aside"
	if err := r.whileDown(ctx, name, func() error { return onSmallDisk(store, aside) }); err != nil {
		return "", err
	}
	defer func() {
		back := r.whileDown(context.WithoutCancel(ctx), name, func() error { return offSmallDisk(store, aside) })
		err = errors.Join(err, back)
	}()
	if err := r.answers(ctx); err != nil {
		return "", err
	}
	filler := filepath.Join(store, "filler")
	if err := fill(filler); err != nil {
		return "", err
	}
	r.begin()
	if err := pause(ctx, fullFor); err != nil {
		return "", err
	}
	return describe("no room on the disk of", name), os.Remove(filler)
}

func onSmallDisk(store, aside string) error {
	if err := os.Rename(store, aside); err != nil {
		return err
	}
	if err := os.Mkdir(store, 0o700); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", store, "tmpfs", 0, "size="+smallDisk); err != nil {
		return fmt.Errorf("mount a small disk: %w", err)
	}
	return os.CopyFS(store, os.DirFS(aside))
}

func offSmallDisk(store, aside string) error {
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.CopyFS(aside, os.DirFS(store)); err != nil {
		return err
	}
	if err := syscall.Unmount(store, 0); err != nil {
		return err
	}
	if err := os.Remove(store); err != nil {
		return err
	}
	return os.Rename(aside, store)
}

// fill writes until there is no room.
func fill(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, zeros{})
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, file.Close())
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
