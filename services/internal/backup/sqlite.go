package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
)

// waitToWrite is how long somebody else's transaction may take before ours begins.
const waitToWrite = "10000"

func openFile(path, query string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	return sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?_pragma=busy_timeout("+waitToWrite+")"+query)
}

// snapshot is one database's state at the instant of the copy, held by a read
// transaction.
type snapshot struct {
	service string
	db      *sql.DB
	conn    *sql.Conn
}

// copySQLite copies files that services may be writing to.
func copySQLite(ctx context.Context, sources []Source, dir string) (err error) {
	var held []snapshot
	defer func() {
		for _, s := range held {
			_, ended := s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, ended, s.conn.Close(), s.db.Close())
		}
	}()
	if held, err = hold(ctx, sources); err != nil {
		return err
	}
	for _, s := range held {
		if err := s.copyTo(filepath.Join(dir, s.service+".db")); err != nil {
			return fmt.Errorf("copy the database of %s: %w", s.service, err)
		}
	}
	return nil
}

// hold begins to read every database while nobody writes to any of them.
func hold(ctx context.Context, sources []Source) (held []snapshot, err error) {
	var quiet []func() error
	defer func() {
		for _, end := range quiet {
			err = errors.Join(err, end())
		}
	}()
	for _, s := range sources {
		end, err := keepQuiet(ctx, s.Path)
		if err != nil {
			return nil, fmt.Errorf("keep the database of %s from being written to: %w", s.Service, err)
		}
		quiet = append(quiet, end)
	}
	for _, s := range sources {
		db, err := openFile(s.Path, "&_pragma=query_only(1)")
		if err != nil {
			return held, err
		}
		conn, err := db.Conn(ctx)
		if err != nil {
			return held, errors.Join(err, db.Close())
		}
		held = append(held, snapshot{s.Service, db, conn})
		for _, statement := range []string{"BEGIN", "SELECT COUNT(*) FROM sqlite_schema"} { // what is read first fixes the instant
			if _, err := conn.ExecContext(ctx, statement); err != nil {
				return held, err
			}
		}
	}
	return held, nil
}

// keepQuiet holds the right to write until what it returns is called.
func keepQuiet(ctx context.Context, path string) (end func() error, err error) {
	db, err := openFile(path, "")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, conn.Close(), db.Close())
	}, nil
}

// copyTo copies the pages of the snapshot by SQLite's online backup, which reads in
// the transaction that is open (https://sqlite.org/c3ref/backup_finish.html).
func (s snapshot) copyTo(path string) error {
	return s.conn.Raw(func(driver any) error {
		from, ok := driver.(interface {
			NewBackup(uri string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("this driver makes no copies")
		}
		copying, err := from.NewBackup(path)
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			more, err = copying.Step(4096)
		}
		return errors.Join(err, copying.Finish())
	})
}

// placeSQLite puts the files of a copy where services look for them, and moves what
// is there aside.
func placeSQLite(ctx context.Context, c Config) error {
	for _, s := range c.Sources {
		if err := unused(ctx, s.Path); err != nil {
			return err
		}
	}
	aside := ".before-" + c.Now.UTC().Format("20060102T150405Z")
	for _, s := range c.Sources {
		for _, ending := range []string{"", "-wal", "-shm"} {
			if err := os.Rename(s.Path+ending, s.Path+aside+ending); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		if err := copyFile(filepath.Join(c.Dir, s.Service+".db"), s.Path); err != nil {
			return fmt.Errorf("restore the database of %s: %w", s.Service, err)
		}
	}
	return nil
}

// unused fails when a process has a database open: only who is alone may leave WAL.
func unused(ctx context.Context, path string) error {
	db, err := openFile(path, "")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE").Scan(&mode)
	if err != nil || mode != "delete" {
		return errRuns
	}
	return nil
}

func copyFile(from, to string) error {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = source.Close() }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(target, source)
	return errors.Join(err, target.Sync(), target.Close())
}
