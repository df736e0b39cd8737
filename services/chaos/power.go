package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/chaos/lossy"
	"github.com/kompetansespor/kompetansespor/services/cluster"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// poweredFor is how long a process works before its power goes.
const poweredFor = 5 * time.Second

// losePower has a server or service work for a while on a disk that forgets, and
// then takes its power: it goes on with what it had synced. Mounting takes root.
func losePower(ctx context.Context, r *run) (string, error) {
	name, dir := r.disk()
	disk := forgetful{at: dir, backing: dir + ".disk", synced: dir + ".synced", after: dir + ".after"}
	if err := r.whileDown(ctx, name, disk.mount); err != nil {
		return "", err
	}
	if _, err := r.running(ctx, name); err != nil {
		return "", err
	}
	r.begin()
	worked := pause(ctx, poweredFor)
	var lost int64
	err := r.whileDown(context.WithoutCancel(ctx), name, func() (err error) {
		lost, err = disk.lose()
		return err
	})
	return fmt.Sprintf("%s lost power and %d bytes", name, lost), errors.Join(worked, err)
}

// disk draws a process that keeps something, and says where.
func (r *run) disk() (name, dir string) {
	if r.Layout.Cluster == nil {
		name = r.one(slices.Concat(cluster.Names(r.Layout)["nats"], devsetup.Services()))
		if s, ok := r.Layout.Services[name]; ok {
			return name, s.DataDir
		}
		return name, r.Layout.NATS.StoreDir
	}
	dirs := map[string]string{}
	for _, m := range r.Layout.Cluster.NATS {
		dirs[m.Name] = m.StoreDir
	}
	for _, d := range r.Layout.Cluster.Postgres {
		dirs[d.Name] = d.Dir
	}
	name = r.one(slices.Concat(cluster.Names(r.Layout)["nats"], cluster.Names(r.Layout)["postgres"]))
	return name, dirs[name]
}

// forgetful is a folder that is served by a lossy layer for a while.
type forgetful struct {
	at, backing, synced, after string
	layer                      *lossy.Layer
}

func (f *forgetful) mount() (err error) {
	if err := os.Rename(f.at, f.backing); err != nil {
		return err
	}
	if err := errors.Join(os.Mkdir(f.at, 0o700), os.Mkdir(f.synced, 0o700)); err != nil {
		return err
	}
	f.layer, err = lossy.Mount(f.at, f.backing, f.synced)
	return err
}

// lose puts the folder as it was synced in the place of the served one.
func (f *forgetful) lose() (bytes int64, err error) {
	var st syscall.Stat_t
	if err := syscall.Stat(f.backing, &st); err != nil {
		return 0, err
	}
	if err := os.Mkdir(f.after, os.FileMode(st.Mode).Perm()); err != nil {
		return 0, err
	}
	if err := os.Chown(f.after, int(st.Uid), int(st.Gid)); err != nil {
		return 0, err
	}
	if bytes, err = f.layer.Lose(f.after); err != nil {
		return bytes, err
	}
	return bytes, errors.Join(os.Remove(f.at), os.Rename(f.after, f.at), os.RemoveAll(f.backing), os.RemoveAll(f.synced))
}
