package backup

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// dump copies the schemas by pg_dump, which reads in one snapshot.
func dump(ctx context.Context, c Config, to string) error {
	args := []string{"--format=custom", "--no-password", "--file", to, "--dbname", c.Admin}
	for _, s := range c.Sources {
		args = append(args, "--schema", s.Service)
	}
	return tool(ctx, "pg_dump", args...)
}

// load replaces the schemas by pg_restore, in one transaction.
func load(ctx context.Context, c Config) error {
	db, err := sql.Open("pgx", c.Admin)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, s := range c.Sources {
		if err := left(ctx, db, s.Service); err != nil {
			return err
		}
		var there int
		if err := db.QueryRowContext(ctx, "SELECT 1 FROM pg_roles WHERE rolname = $1", s.Service).Scan(&there); err != nil {
			return fault.Wrap(err, fault.Invalid, "backup.role", "the server has no role %s: run kompetansespor migrate --bootstrap first", s.Service)
		}
	}
	return tool(ctx, "pg_restore", "--dbname", c.Admin, "--no-password", "--clean", "--if-exists", "--single-transaction", "--exit-on-error",
		filepath.Join(c.Dir, dumpFile))
}

// The server hears of a closed connection after the service that held it is gone, and
// ends the session then: it is asked up to forty times, which with its pauses takes two
// seconds.
const (
	asked   = 40
	howMany = `SELECT COUNT(*) FROM pg_stat_activity WHERE usename = $1 AND datname = current_database()`
	pause   = `SELECT pg_sleep(0.05)`
)

// left fails when a service still has sessions.
func left(ctx context.Context, db *sql.DB, service string) error {
	for range asked {
		var sessions int
		if err := db.QueryRowContext(ctx, howMany, service).Scan(&sessions); err != nil {
			return fmt.Errorf("see who is at work: %w", err)
		}
		if sessions == 0 {
			return nil
		}
		if _, err := db.ExecContext(ctx, pause); err != nil {
			return fmt.Errorf("wait for sessions to end: %w", err)
		}
	}
	return errRuns
}

// tool runs a program of PostgreSQL's, the newest that is installed.
func tool(ctx context.Context, name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
		if len(found) == 0 {
			return fault.New(fault.Invalid, "backup.tool", "%s is not installed: it is in the package postgresql-client", name)
		}
		slices.Sort(found)
		path = found[len(found)-1]
	}
	cmd := exec.CommandContext(ctx, path, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}
