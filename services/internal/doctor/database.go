package doctor

import (
	"context"
	"os"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identity"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// oldestPostgres is the oldest version that the services run on.
const oldestPostgres = 150000

// examineDatabase looks at the database, its schema, and whether the master key is
// its own.
func examineDatabase(ctx context.Context, c Config) (all []Finding) {
	driver, dsn, err := c.Common.Database.Source()
	if err != nil {
		return []Finding{bad("database", "%s", because(err))}
	}
	if driver == "sqlite" {
		if _, err := os.Stat(dsn); err != nil {
			return []Finding{well("database", "%s is not there yet: the service makes it when it starts", dsn)}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*c.Patience)
	defer cancel()
	db, err := sqldb.Inspect(ctx, driver, dsn, c.Schema...)
	if err != nil {
		if rule := fault.RuleOf(err); rule == "sqldb.schema_old" || rule == "sqldb.schema_new" {
			return []Finding{bad("database", "%s", because(err))}
		}
		return []Finding{bad("database", "it does not answer: look whether the server runs, and the address, role and password are right (%v)", err)}
	}
	defer func() { _ = db.Close() }()
	if driver == "postgres" {
		all = append(all, examineServer(ctx, db)...)
	}
	master, err := os.ReadFile(c.Common.MasterKeyFile)
	if err != nil {
		return all // told of with the secrets
	}
	var keys int
	if err := db.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM identity_keystore`).Scan(&keys); err != nil || keys == 0 {
		return append(all, well("database", "its schema is this program's; it has no keys yet"))
	}
	if _, err := identity.Open(ctx, db, master, nil); err != nil {
		return append(all, bad("master_key_file", "it does not open the keys in the database: %s. Use the key that the database was made with", because(err)))
	}
	return append(all, well("database", "its schema is this program's, and the master key opens its keys"))
}

// examineServer looks at a PostgreSQL server.
func examineServer(ctx context.Context, db *sqldb.DB) (all []Finding) {
	var version int
	var super bool
	var commit string
	err := db.Read().QueryRowContext(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('is_superuser')::bool, current_setting('synchronous_commit')`).
		Scan(&version, &super, &commit)
	if err != nil {
		return []Finding{bad("database", "the server does not say what it is: %v", err)}
	}
	if version < oldestPostgres {
		all = append(all, bad("database", "PostgreSQL %d is too old: 15 or later is needed", version/10000))
	}
	if super {
		all = append(all, bad("database.dsn", "the role is a superuser, who may read every service's schema: use the role that migrate --bootstrap makes"))
	}
	if commit == "off" {
		all = append(all, bad("database", "synchronous_commit is off: what was acknowledged can be lost. Switch it on"))
	}
	return all
}
