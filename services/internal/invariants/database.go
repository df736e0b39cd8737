package invariants

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// database is one service's, as it stood at one instant, and the key to what
// is sealed in it.
type database struct {
	db   *sql.DB
	tx   *sql.Tx
	keys *keystore.Store
}

func open(ctx context.Context, service devsetup.Service) (_ *database, err error) {
	cfg, err := configured(service.ConfigFile)
	if err != nil {
		return nil, err
	}
	d := &database{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if cfg.Driver == "sqlite" { // a file is where the layout has the service's data
		cfg.DSN = filepath.Join(service.DataDir, filepath.Base(cfg.DSN))
	}
	if d.db, err = openToRead(cfg); err != nil {
		return nil, err
	}
	if d.tx, err = d.db.BeginTx(ctx, &sql.TxOptions{Isolation: isolation[cfg.Driver], ReadOnly: cfg.Driver == "postgres"}); err != nil {
		return nil, err
	}
	master, err := os.ReadFile(service.MasterKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	d.keys, err = keystore.Open(ctx, master, lockedKeys{d.tx})
	return d, err
}

// isolation lets every query see the same instant.
var isolation = map[string]sql.IsolationLevel{"postgres": sql.LevelRepeatableRead}

// configured is the database that a service's configuration names.
func configured(file string) (config.Database, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return config.Database{}, err
	}
	var named struct {
		Database config.Database `yaml:"database"`
	}
	err = yaml.Unmarshal(content, &named)
	return named.Database, err
}

// openToRead opens a database as the service does, by drivers of sqldb's.
func openToRead(cfg config.Database) (*sql.DB, error) {
	driver, dsn, err := cfg.Source()
	if err != nil {
		return nil, err
	}
	if driver == "postgres" {
		return sql.Open("pgx", dsn)
	}
	if _, err := os.Stat(dsn); err != nil {
		return nil, err
	}
	return sql.Open(driver, "file:"+(&url.URL{Path: dsn}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)")
}

func (d *database) close() (err error) {
	if d.tx != nil {
		err = d.tx.Rollback()
	}
	if d.db != nil {
		err = errors.Join(err, d.db.Close())
	}
	return err
}

// unseal reads a sealed JSON object.
func (d *database) unseal(ctx context.Context, sealed []byte, belongsTo string) (object map[string]any, err error) {
	plain, err := d.keys.Open(ctx, sealed, []byte(belongsTo))
	if err != nil {
		return nil, err
	}
	return object, json.Unmarshal(plain, &object)
}

// list reads the rows of a query.
func list[T any](c *checker, service, query string, scan func(r *sql.Rows, into *T) error) ([]T, error) {
	rows, err := c.databases[service].tx.QueryContext(c.ctx, query)
	return sqldb.Collect(rows, err, func(r *sql.Rows) (one T, err error) {
		return one, scan(r, &one)
	})
}

// texts reads a query of one column.
func texts(c *checker, service, query string) ([]string, error) {
	return list(c, service, query, func(r *sql.Rows, into *string) error { return r.Scan(into) })
}

// lockedKeys are the key store's rows, to be read only.
type lockedKeys struct{ tx *sql.Tx }

// GetKey implements keystore.Rows.
func (k lockedKeys) GetKey(ctx context.Context, id string) (locked []byte, err error) {
	err = k.tx.QueryRowContext(ctx, `SELECT locked FROM identity_keystore WHERE key_id = $1`, id).Scan(&locked)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("key store row: %w", keystore.ErrNoKey)
	}
	return locked, err
}

// PutKey implements keystore.Rows: a service that has run has its keys.
func (lockedKeys) PutKey(context.Context, string, []byte) error {
	return errors.New("the database is only read here, and has no data key")
}
