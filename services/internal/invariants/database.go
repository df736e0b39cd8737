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
	path := filepath.Join(service.DataDir, service.Name+".db")
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	d := &database{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	// The driver "sqlite" is sqldb's.
	d.db, err = sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)")
	if err != nil {
		return nil, err
	}
	if d.tx, err = d.db.BeginTx(ctx, nil); err != nil {
		return nil, err
	}
	master, err := os.ReadFile(service.MasterKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	d.keys, err = keystore.Open(ctx, master, lockedKeys{d.tx})
	return d, err
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
