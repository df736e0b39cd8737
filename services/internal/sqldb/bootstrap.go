package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Owner is the role that owns the schema of a service, and may change it.
func Owner(service string) string { return service + "_owner" }

var roleName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// Bootstrap makes what a service needs on a PostgreSQL server, where it is
// missing: a role that owns its schema and cannot sign in, a role for the
// service with the password, empty for none, and the schema, named as the
// service. The service's role may read and write rows there and no more. db is
// a connection that may make roles.
func Bootstrap(ctx context.Context, db *sql.DB, service, password string) error {
	if !roleName.MatchString(service) {
		return fault.New(fault.Invalid, "sqldb.role", "%q cannot be the name of a role", service)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	owner := Owner(service)
	for _, role := range []string{owner + " NOLOGIN", service + " LOGIN"} {
		name, _, _ := strings.Cut(role, " ")
		var there bool
		err := tx.QueryRowContext(ctx, `SELECT true FROM pg_roles WHERE rolname = $1`, name).Scan(&there)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.ExecContext(ctx, `CREATE ROLE `+role)
		}
		if err != nil {
			return fmt.Errorf("role %s: %w", name, err)
		}
	}
	statements := []string{
		`GRANT ` + owner + ` TO CURRENT_USER`,
		`CREATE SCHEMA IF NOT EXISTS ` + service + ` AUTHORIZATION ` + owner,
		`ALTER ROLE ` + service + ` SET search_path = ` + service,
		`GRANT USAGE ON SCHEMA ` + service + ` TO ` + service,
		`ALTER DEFAULT PRIVILEGES FOR ROLE ` + owner + ` IN SCHEMA ` + service + ` GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ` + service,
		`ALTER DEFAULT PRIVILEGES FOR ROLE ` + owner + ` IN SCHEMA ` + service + ` GRANT USAGE, SELECT ON SEQUENCES TO ` + service,
		`REVOKE CREATE ON SCHEMA public FROM PUBLIC`,
	}
	if password != "" {
		var quoted string
		if err := tx.QueryRowContext(ctx, `SELECT quote_literal($1::text)`, password).Scan(&quoted); err != nil {
			return fmt.Errorf("quote password: %w", err)
		}
		statements = append(statements, `ALTER ROLE `+service+` PASSWORD `+quoted)
	}
	for i, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("statement %d of the schema %s: %w", i+1, service, err)
		}
	}
	return tx.Commit()
}
