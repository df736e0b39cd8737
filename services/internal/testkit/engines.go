package testkit

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the database/sql driver "pgx"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// PostgresURL is the environment variable that names a PostgreSQL server for
// tests, by the URL of a role that may create schemas. scripts/gotest starts
// one and sets it.
const PostgresURL = "KOMPETANSESPOR_TEST_POSTGRES"

// engine is what the suite that runs now keeps its databases on.
var engine = "sqlite"

// OnEveryEngine runs the tests of a package once on SQLite and once on
// PostgreSQL, and ends the process. It is for TestMain of a package whose tests
// open their databases with Database or Source. Where no PostgreSQL is named
// the second run is left out; with KOMPETANSESPOR_NO_SKIP that is a failure.
func OnEveryEngine(m *testing.M) {
	code := m.Run()
	fuzzing := flag.Lookup("test.fuzz") != nil && flag.Lookup("test.fuzz").Value.String() != ""
	switch {
	case fuzzing:
	case os.Getenv(PostgresURL) != "":
		engine = "postgres"
		fmt.Println("=== the same on PostgreSQL")
		code = max(code, m.Run())
	case os.Getenv("KOMPETANSESPOR_NO_SKIP") != "":
		fmt.Println("FAIL: " + PostgresURL + " names no server, and nothing may be skipped")
		code = max(code, 1)
	}
	os.Exit(code)
}

// Source is a fresh, empty database on the engine of this run, as sqldb.Open
// takes it.
func Source(t testing.TB) (driver, dsn string) {
	t.Helper()
	if engine == "postgres" {
		return engine, Postgres(t)
	}
	return engine, filepath.Join(t.TempDir(), "test.db")
}

// Database is a fresh database on the engine of this run with the migrations.
// On SQLite every transaction runs twice, the first time for nothing.
func Database(t testing.TB, migrations ...sqldb.Migrations) *sqldb.DB {
	t.Helper()
	driver, dsn := Source(t)
	return Open(t, driver, dsn, migrations...)
}

// Open opens a database that Source gave, with the migrations, until the test
// ends.
func Open(t testing.TB, driver, dsn string, migrations ...sqldb.Migrations) *sqldb.DB {
	t.Helper()
	ctx := context.Background()
	if driver == "sqlite" {
		prepare(t, dsn, migrations)
	} else {
		preparePostgres(t, dsn, migrations)
	}
	db, err := sqldb.Open(ctx, driver, dsn, migrations...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if driver == "sqlite" {
		db.TryTwice()
	}
	return db
}

// prepared are empty database files with their schemas, by the migrations.
var prepared sync.Map

// prepare puts a file with the schemas where there is none: migrating each
// test's own takes longer than most tests.
func prepare(t testing.TB, path string, migrations []sqldb.Migrations) {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return
	}
	key := keyOf(t, migrations)
	file, ok := prepared.Load(key)
	if !ok {
		empty := filepath.Join(t.TempDir(), "empty.db")
		if _, err := sqldb.Migrate(context.Background(), "sqlite", empty, migrations...); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(empty)
		if err != nil {
			t.Fatal(err)
		}
		file, _ = prepared.LoadOrStore(key, raw)
	}
	if err := os.WriteFile(path, file.([]byte), 0o600); err != nil {
		t.Fatal(err)
	}
}

func keyOf(t testing.TB, migrations []sqldb.Migrations) string {
	t.Helper()
	var key strings.Builder
	for _, m := range migrations {
		files, err := fs.Glob(m.Files, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&key, m.Name, files)
	}
	return key.String()
}

// preparedSchemas are what pg_dump wrote of schemas once migrated, by the migrations.
var preparedSchemas sync.Map

// dumped is a schema as statements, and what it was called.
type dumped struct{ schema, statements string }

// preparePostgres brings a schema to where the migrations lead: an empty one that
// Postgres gave by what pg_dump wrote of the first like it, which takes a tenth of the
// time, any other by migrating it.
func preparePostgres(t testing.TB, dsn string, migrations []sqldb.Migrations) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	schema, key := u.Query().Get("search_path"), keyOf(t, migrations)
	fresh := schema != "" && isEmpty(t, schema)
	if have, ok := preparedSchemas.Load(key); ok && fresh {
		first := have.(dumped)
		Admin(t, strings.ReplaceAll(first.statements, first.schema, schema))
		return
	}
	if _, err := sqldb.Migrate(context.Background(), "postgres", dsn, migrations...); err != nil {
		t.Fatal(err)
	}
	program := pgDump()
	if !fresh || program == "" {
		return
	}
	raw, err := exec.Command(program, "--dbname="+os.Getenv(PostgresURL), "--schema="+schema, "--inserts", "--no-owner").Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	var statements strings.Builder
	for line := range strings.Lines(string(raw)) {
		// Lines for psql, and the schema itself, which is there.
		if !strings.HasPrefix(line, `\`) && !strings.HasPrefix(line, "CREATE SCHEMA ") {
			statements.WriteString(line)
		}
	}
	preparedSchemas.Store(key, dumped{schema: schema, statements: statements.String()})
}

// isEmpty reports whether a schema is there and has no tables.
func isEmpty(t testing.TB, schema string) bool {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(PostgresURL))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var empty bool
	err = db.QueryRowContext(context.Background(), `SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)
		AND NOT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = $1)`, schema).Scan(&empty)
	if err != nil {
		t.Fatal(err)
	}
	return empty
}

// pgDump is where pg_dump is; empty where it is not installed.
func pgDump() string {
	if found, err := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump"); err == nil && len(found) > 0 {
		return found[len(found)-1]
	}
	found, _ := exec.LookPath("pg_dump")
	return found
}

// Postgres is the URL of a fresh, empty schema, dropped when the test ends. It
// skips by NeedTool where no server is named.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(PostgresURL)
	NeedTool(t, admin != "", PostgresURL+" names no PostgreSQL server: scripts/gotest starts one")
	var random [8]byte
	_, _ = rand.Read(random[:])
	schema := "t" + hex.EncodeToString(random[:])
	Admin(t, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { Admin(t, "DROP SCHEMA IF EXISTS "+schema+" CASCADE") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", schema)
	u.RawQuery = query.Encode()
	return u.String()
}

// PostgresDatabase is the administrator's URL of a fresh database, dropped when
// the test ends, for tests that make roles and schemas. Roles stay, as long as
// the server does. It skips by NeedTool where no server is named.
func PostgresDatabase(t testing.TB) string {
	t.Helper()
	admin := os.Getenv(PostgresURL)
	NeedTool(t, admin != "", PostgresURL+" names no PostgreSQL server: scripts/gotest starts one")
	var random [8]byte
	_, _ = rand.Read(random[:])
	name := "d" + hex.EncodeToString(random[:])
	Admin(t, "CREATE DATABASE "+name)
	t.Cleanup(func() { Admin(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// Admin runs statements on the PostgreSQL server with the rights of its
// administrator.
func Admin(t testing.TB, statements ...string) {
	t.Helper()
	db, err := sql.Open("pgx", os.Getenv(PostgresURL))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}
