package cluster

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"
	"golang.org/x/sync/errgroup"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// postgresPrograms is the folder of the newest PostgreSQL's programs.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("PostgreSQL is not installed")
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1]), nil
}

// account is who runs PostgreSQL: it refuses to run as root, and Debian has a
// user for it.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// cluster of databases, as its servers are run.
type databases struct {
	*devsetup.Cluster
	programs string
	as       *syscall.Credential
}

// postgres starts a primary and its standbys, made anew where there are none,
// and returns when a commit waits for one of the standbys.
func (r *runner) postgres(ctx context.Context) error {
	programs, err := postgresPrograms()
	if err != nil {
		return err
	}
	as, err := account()
	if err != nil {
		return err
	}
	d := &databases{Cluster: r.Layout.Cluster, programs: programs, as: as}
	if err := d.folders(r.Layout.Dir); err != nil {
		return err
	}
	primary, standbys := d.Postgres[0], d.Postgres[1:]
	if isNew(primary) {
		if err := d.initialise(ctx, primary); err != nil {
			return err
		}
	}
	r.keep(&r.below, primary.Name, func() *exec.Cmd { return d.server(primary) })
	if err := d.await(ctx, primary, "SELECT 1"); err != nil {
		return err
	}
	var copies errgroup.Group
	for _, standby := range standbys {
		copies.Go(func() error {
			if isNew(standby) {
				if err := d.copy(ctx, primary, standby); err != nil {
					return err
				}
			}
			r.keep(&r.below, standby.Name, func() *exec.Cmd { return d.server(standby) })
			return nil
		})
	}
	if err := copies.Wait(); err != nil {
		return err
	}
	return d.settle(ctx)
}

// Settle waits until the standbys of a cluster whose servers somebody else runs
// follow, and has commits wait for one of them. Its first server must be the primary.
func Settle(ctx context.Context, layout *devsetup.Layout) error {
	return (&databases{Cluster: layout.Cluster}).settle(ctx)
}

func (d *databases) settle(ctx context.Context) error {
	primary, standbys := d.Postgres[0], d.Postgres[1:]
	if err := d.await(ctx, primary, fmt.Sprintf("SELECT 1 FROM pg_stat_replication HAVING COUNT(*) = %d", len(standbys))); err != nil {
		return fmt.Errorf("standbys do not follow: %w", err)
	}
	return d.synchronous(ctx, primary, standbys)
}

func isNew(d devsetup.Database) bool {
	_, err := os.Stat(filepath.Join(d.Dir, "PG_VERSION"))
	return err != nil
}

// folders are where the servers' user may write; who else there is on the
// machine may pass, not look.
func (d *databases) folders(base string) error {
	parent := filepath.Dir(d.Postgres[0].Dir)
	if err := os.MkdirAll(parent, 0o711); err != nil {
		return err
	}
	if err := os.Chmod(base, 0o711); err != nil {
		return err
	}
	owned := []string{d.SocketDir}
	for _, one := range d.Postgres {
		if err := os.Mkdir(one.Dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		owned = append(owned, one.Dir)
	}
	if d.as == nil {
		return nil
	}
	for _, dir := range owned {
		if err := os.Chown(dir, int(d.as.Uid), int(d.as.Gid)); err != nil {
			return err
		}
	}
	return nil
}

// command runs one of PostgreSQL's programs as its user.
func (d *databases) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(d.programs, program), args...)
	cmd.Dir = d.SocketDir // where its user may be
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: d.as}
	return cmd
}

func (d *databases) run(ctx context.Context, program string, args ...string) error {
	if said, err := d.command(ctx, program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, said)
	}
	return nil
}

// initialise makes the first database. Who is on the machine as the servers'
// user comes in by the socket; over TCP everybody needs a password.
func (d *databases) initialise(ctx context.Context, primary devsetup.Database) error {
	err := d.run(ctx, "initdb", "-D", primary.Dir, "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
		"--auth-local=trust", "--auth-host=scram-sha-256")
	if err != nil {
		return err
	}
	settings := fmt.Sprintf(`
listen_addresses = '127.0.0.1'
unix_socket_directories = '%s'
unix_socket_permissions = 0700
max_connections = 500
shared_buffers = 128MB
synchronous_commit = on
wal_level = replica
wal_keep_size = 512MB
wal_log_hints = on
recovery_init_sync_method = syncfs
wal_retrieve_retry_interval = 500ms
hot_standby = on
`, d.SocketDir)
	file, err := os.OpenFile(filepath.Join(primary.Dir, "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(settings)
	return errors.Join(err, file.Close())
}

// copy makes a standby from the primary.
func (d *databases) copy(ctx context.Context, primary, standby devsetup.Database) error {
	return d.run(ctx, "pg_basebackup", "-D", standby.Dir, "-R", "-X", "stream", "-c", "fast", "--no-sync",
		"-d", fmt.Sprintf("host=%s port=%d user=postgres application_name=%s", d.SocketDir, primary.Port, standby.Name))
}

// server is a PostgreSQL server's process.
func (d *databases) server(one devsetup.Database) *exec.Cmd {
	return d.command(context.Background(), "postgres", "-D", one.Dir, "-p", strconv.Itoa(one.Port), "-c", "cluster_name="+one.Name)
}

// synchronous has every commit wait for one of the standbys, and makes the
// database.
func (d *databases) synchronous(ctx context.Context, primary devsetup.Database, standbys []devsetup.Database) error {
	var names []string
	for _, one := range standbys {
		names = append(names, `"`+one.Name+`"`)
	}
	any1 := "ANY 1 (" + strings.Join(names, ", ") + ")"
	return d.ask(ctx, primary, "postgres", func(db *sql.DB) error {
		for _, statement := range []string{
			"ALTER SYSTEM SET synchronous_standby_names = '" + any1 + "'", "SELECT pg_reload_conf()",
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		var there bool
		err := db.QueryRowContext(ctx, "SELECT true FROM pg_database WHERE datname = 'kompetansespor'").Scan(&there)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = db.ExecContext(ctx, "CREATE DATABASE kompetansespor")
		}
		return err
	})
}

// ask opens a database of one server as its administrator.
func (d *databases) ask(_ context.Context, one devsetup.Database, name string, f func(*sql.DB) error) error {
	query := url.Values{"host": {d.SocketDir}, "port": {strconv.Itoa(one.Port)}, "connect_timeout": {"2"}}
	db, err := sql.Open("pgx", (&url.URL{Scheme: "postgres", User: url.User("postgres"), Path: "/" + name, RawQuery: query.Encode()}).String())
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

// await waits until a query of one server has a row.
func (d *databases) await(ctx context.Context, one devsetup.Database, query string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := d.ask(ctx, one, "postgres", func(db *sql.DB) error {
			var found int
			return db.QueryRowContext(ctx, query).Scan(&found)
		})
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w", one.Name, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
