package sqldb_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// schemas are the folders of migrations, of this package's users and of the
// services.
func schemas(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../*/schema", "../../*/internal/store/schema"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) < 5 {
			t.Fatalf("%s: %d folders, %v", pattern, len(found), err)
		}
		all = append(all, found...)
	}
	return all
}

// One schema for every engine: TEXT, BIGINT and bytes only, however a
// migration writes it.
func TestEveryColumnHasATypeOfEveryEngine(t *testing.T) {
	for _, folder := range schemas(t) {
		db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(t.TempDir(), "a.db"), sqldb.Migrations{Name: "counted", Files: os.DirFS(folder)})
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		type column struct {
			table, name, kind string
			byDefault         sql.NullString
		}
		rows, err := db.Read().QueryContext(t.Context(), `
			SELECT m.name, c.name, c.type, c.dflt_value FROM sqlite_schema AS m, pragma_table_info(m.name) AS c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'schema_counted'`)
		columns, err := sqldb.Collect(rows, err, func(r *sql.Rows) (c column, err error) {
			return c, r.Scan(&c.table, &c.name, &c.kind, &c.byDefault)
		})
		if err != nil || len(columns) == 0 {
			t.Fatalf("%s: %d columns, %v", folder, len(columns), err)
		}
		for _, c := range columns {
			if !slices.Contains([]string{"TEXT", "BIGINT", "BYTEA"}, c.kind) {
				t.Errorf("%s: %s.%s is %q: write TEXT, BIGINT or BYTEA", folder, c.table, c.name, c.kind)
			}
			if c.byDefault.Valid && !strings.HasPrefix(c.byDefault.String, "'") && strings.ContainsAny(c.byDefault.String, "(_") {
				t.Errorf("%s: %s.%s has a default that the database works out: %s", folder, c.table, c.name, c.byDefault.String)
			}
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// What only one engine has, or what tells the time by itself.
var ofOneEngine = regexp.MustCompile(`(?i)\b(jsonb?|(big)?serial|autoincrement|generated|now|current_(date|time|timestamp)|strftime|datetime|random|uuid|without\s+rowid|strict|pragma|trigger|extension)\b`)

var sqlComment = regexp.MustCompile(`--[^\n]*`)

func TestMigrationsSayNothingThatOneEngineAloneUnderstands(t *testing.T) {
	for _, folder := range schemas(t) {
		files, err := filepath.Glob(folder + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range ofOneEngine.FindAllString(sqlComment.ReplaceAllString(string(text), ""), -1) {
				t.Errorf("%s says %s", file, word)
			}
		}
	}
	for _, bad := range []string{"id SERIAL", "at BIGINT DEFAULT now()", "x JSONB", "DEFAULT CURRENT_TIMESTAMP", "id INTEGER PRIMARY KEY AUTOINCREMENT"} {
		if !ofOneEngine.MatchString(bad) {
			t.Errorf("%q passes", bad)
		}
	}
}
