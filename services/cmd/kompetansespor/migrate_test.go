package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// An operator makes roles and schemas, and migrates; the service may read and
// write rows, and change nothing else.
func TestOperatorMigratesAndTheServiceMayNot(t *testing.T) {
	admin := testkit.PostgresDatabase(t)
	options := devsetup.Pilot()
	options.FreePorts, options.Postgres = true, admin
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	file := layout.Services["tax"].ConfigFile
	migrate := func(args ...string) (string, error) {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), append([]string{"migrate", "--config", file}, args...), &stdout, &stderr)
		return stdout.String(), err
	}

	if _, err := migrate(); err == nil || !strings.Contains(err.Error(), "--dsn") {
		t.Errorf("without the owner's rights: %v", err)
	}
	cfg, err := commonOf(file)
	if err != nil {
		t.Fatal(err)
	}
	open := func() (*sqldb.DB, error) {
		driver, dsn, err := cfg.Database.Source()
		if err != nil {
			return nil, err
		}
		return sqldb.Open(t.Context(), driver, dsn, services["tax"].schema()...)
	}
	for i, want := range []string{" 0 ", " 0 "} {
		said, err := migrate("--dsn", admin, "--bootstrap")
		if err != nil || (strings.Contains(said, want) != (i == 1)) {
			t.Fatalf("run %d: %q, %v", i, said, err)
		}
	}
	db, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO event_sequence (case_ref, last) VALUES ('case_1', 1)`)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, statement := range []string{`CREATE TABLE mine (id TEXT)`, `DROP TABLE event_sequence`, `ALTER TABLE event_outbox ADD COLUMN x TEXT`, `CREATE TABLE public.mine (id TEXT)`} {
		err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "42501") { // insufficient_privilege
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// A database that nobody has migrated stops the service with words that say
// what to do.
func TestServiceStopsOnASchemaThatIsMissing(t *testing.T) {
	_, err := sqldb.Open(t.Context(), "postgres", testkit.Postgres(t), services["wallet"].schema()...)
	if fault.RuleOf(err) != "sqldb.schema_old" || !strings.Contains(err.Error(), "kompetansespor migrate") {
		t.Error(err)
	}
}

// On SQLite there is nobody else to do it, and migrating early changes nothing.
func TestMigrateOnSQLite(t *testing.T) {
	options := devsetup.Pilot()
	options.FreePorts = true
	layout, err := devsetup.Prepare(t.TempDir(), options)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	err = run(t.Context(), []string{"migrate", "--config", layout.Services["bank"].ConfigFile, "--config", layout.Services["tax"].ConfigFile}, &stdout, &stderr)
	if lines := strings.Count(stdout.String(), "migrations run"); err != nil || lines != 2 {
		t.Errorf("%q, %v", stdout.String(), err)
	}
	if _, err := os.Stat(layout.Services["bank"].DataDir + "/bank.db"); err != nil {
		t.Error(err)
	}
}
