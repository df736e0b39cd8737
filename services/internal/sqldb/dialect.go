package sqldb

import (
	"context"
	"database/sql"
	"time"

	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// dialect is all that differs between engines.
type dialect struct {
	name  string
	goose database.Dialect
	// open gives the connections that write and those that only read.
	open func(dsn string) (write, read *sql.DB, err error)
	// write and snapshot are the isolation of the two kinds of transaction.
	write, snapshot *sql.TxOptions
	// again says that the engine has turned a transaction back which may
	// succeed when it is run again, at its nth try.
	again func(err error, n int) bool
	// compiles says that its driver compiles a query each time it is asked.
	compiles bool
	// migratesItself says that a service brings its schema up to date.
	migratesItself bool
	// table asks for a row when there is a table named $1.
	table string
	// locker keeps two migrations of one database apart. Nil: the file has one
	// process only.
	locker func() (lock.SessionLocker, error)
	// lock takes the turn of a name on a connection that is kept for turns,
	// and says whether it was free; unlock gives it back; expire ends the
	// connection when nothing is heard on it for so long. Nil: the file has one
	// process only.
	lock   func(ctx context.Context, conn *sql.Conn, name string) (bool, error)
	unlock func(ctx context.Context, conn *sql.Conn, name string) error
	expire func(ctx context.Context, conn *sql.Conn, after time.Duration) error
}

func dialectOf(driver string) (dialect, error) {
	switch driver {
	case "sqlite":
		return sqliteDialect, nil
	case "postgres":
		return postgresDialect, nil
	}
	return dialect{}, fault.New(fault.Invalid, "sqldb.driver", "database driver %q is not known: use sqlite or postgres", driver)
}
