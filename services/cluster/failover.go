package cluster

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// open finds out how a layout's PostgreSQL servers are run.
func open(layout *devsetup.Layout) (*databases, error) {
	programs, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	as, err := account()
	return &databases{Cluster: layout.Cluster, programs: programs, as: as}, err
}

// Primary is the name of the PostgreSQL server that can be written to.
func Primary(ctx context.Context, layout *devsetup.Layout) (string, error) {
	d, err := open(layout)
	if err != nil {
		return "", err
	}
	one, err := d.primary(ctx)
	return one.Name, err
}

func (d *databases) primary(ctx context.Context) (devsetup.Database, error) {
	for _, one := range d.Postgres {
		var standby bool
		err := d.ask(ctx, one, "postgres", func(db *sql.DB) error {
			return db.QueryRowContext(ctx, "SELECT pg_is_in_recovery()").Scan(&standby)
		})
		if err == nil && !standby {
			return one, nil
		}
	}
	return devsetup.Database{}, fmt.Errorf("none of %d PostgreSQL servers can be written to", len(d.Postgres))
}

// Failover ends the primary for good, promotes the standby that has most of its
// log, has the other follow that one, and makes the old primary anew as a standby.
// What was committed is on at least one standby, and so on the one that has most.
//
// The order matters: the old primary is down before another is promoted, so that
// there are never two.
func Failover(ctx context.Context, layout *devsetup.Layout) (from, to string, err error) {
	d, err := open(layout)
	if err != nil {
		return "", "", err
	}
	old, err := d.primary(ctx)
	if err != nil {
		return "", "", err
	}
	if err := Hold(layout, old.Name); err != nil {
		return "", "", err
	}
	if err := Signal(layout, old.Name, syscall.SIGQUIT); err != nil {
		return "", "", err
	}
	next, others, err := d.furthest(ctx, old)
	if err != nil {
		return old.Name, "", err
	}
	if err := d.promote(ctx, next); err != nil {
		return old.Name, next.Name, fmt.Errorf("promote %s: %w", next.Name, err)
	}
	for _, one := range others {
		if err := d.follow(ctx, one, next); err != nil {
			return old.Name, next.Name, fmt.Errorf("have %s follow: %w", one.Name, err)
		}
	}
	if err := d.synchronous(ctx, next, append(others, old)); err != nil {
		return old.Name, next.Name, err
	}
	// What the old primary wrote and nobody else has, was never acknowledged.
	if err := d.empty(old); err != nil {
		return old.Name, next.Name, err
	}
	if err := d.copy(ctx, next, old); err != nil {
		return old.Name, next.Name, fmt.Errorf("make %s anew: %w", old.Name, err)
	}
	return old.Name, next.Name, Release(layout, old.Name)
}

// furthest is the standby that has received most of the log, and the rest. The
// primary must have ended.
func (d *databases) furthest(ctx context.Context, old devsetup.Database) (next devsetup.Database, others []devsetup.Database, err error) {
	most := int64(-1)
	for _, one := range d.Postgres {
		if one.Name == old.Name {
			continue
		}
		// One that has just been started again does not answer yet, and nobody else
		// may have what it has.
		if err := d.await(ctx, one, "SELECT 1"); err != nil {
			return next, nil, err
		}
		received, err := d.received(ctx, one)
		if err != nil {
			return next, nil, fmt.Errorf("ask %s how far it is: %w", one.Name, err)
		}
		if received > most {
			if most >= 0 {
				others = append(others, next)
			}
			most, next = received, one
			continue
		}
		others = append(others, one)
	}
	return next, others, nil
}

// received is how far a standby's log goes, in bytes. One that has been started
// since the primary ended has received nothing since, and is as far as it comes with
// what it has: it is asked until it goes no further.
func (d *databases) received(ctx context.Context, one devsetup.Database) (far int64, err error) {
	const question = "SELECT pg_wal_lsn_diff(GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')::bigint"
	for before := int64(-1); before != far; {
		before = far
		err := d.ask(ctx, one, "postgres", func(db *sql.DB) error { return db.QueryRowContext(ctx, question).Scan(&far) })
		if err != nil {
			return 0, err
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(settle):
		}
	}
	return far, nil
}

// settle is how long a log that goes no further is watched.
const settle = 300 * time.Millisecond

func (d *databases) promote(ctx context.Context, one devsetup.Database) error {
	return d.ask(ctx, one, "postgres", func(db *sql.DB) error {
		var promoted bool
		err := db.QueryRowContext(ctx, "SELECT pg_promote(true, 30)").Scan(&promoted)
		if err == nil && !promoted {
			err = fmt.Errorf("it does not become the primary")
		}
		return err
	})
}

// follow has a standby take its log from another primary.
func (d *databases) follow(ctx context.Context, one, primary devsetup.Database) error {
	conninfo := fmt.Sprintf("host=%s port=%d user=postgres application_name=%s", d.SocketDir, primary.Port, one.Name)
	return d.ask(ctx, one, "postgres", func(db *sql.DB) error {
		for _, statement := range []string{
			"ALTER SYSTEM SET primary_conninfo = '" + strings.ReplaceAll(conninfo, "'", "''") + "'", "SELECT pg_reload_conf()",
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// empty removes what a server had.
func (d *databases) empty(one devsetup.Database) error {
	entries, err := os.ReadDir(one.Dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(one.Dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
