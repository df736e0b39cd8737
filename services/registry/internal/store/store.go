// Package store keeps accreditations in the registry's database: rows to
// domain and back, no rules.
package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/desk"
)

//go:embed schema/*.sql
var schema embed.FS

// Migrations is the registry's schema.
func Migrations() sqldb.Migrations { return sqldb.Embedded("registry", schema) }

// Store is safe for concurrent use.
type Store struct{}

const columns = `id, organisation_number, legal_name, did, municipality, scope, criteria, state, valid_from, revoked_at, revocation_reason,
	content_hash, credential_id, traceparent`

// Add puts in a new accreditation.
func (Store) Add(ctx context.Context, tx *sqldb.Tx, r desk.Record, at time.Time) error {
	s := r.Accreditation.Snapshot()
	criteria, err := json.Marshal(s.Criteria)
	if err != nil {
		return fmt.Errorf("write criteria: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO accreditation (`+columns+`, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '', $10, $11, $12, $13)`,
		s.ID, s.OrganisationNumber, s.LegalName, r.DID, r.Municipality, strings.Join(s.Scope, " "), string(criteria), string(s.State),
		clock.Micros(s.ValidFrom), r.ContentHash, r.CredentialID, r.Traceparent, clock.Micros(at))
	if err != nil {
		return fmt.Errorf("add accreditation: %w", err)
	}
	return nil
}

// Save writes an accreditation's life back.
func (Store) Save(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	s := r.Accreditation.Snapshot()
	revoked := int64(0)
	if !s.RevokedAt.IsZero() {
		revoked = clock.Micros(s.RevokedAt)
	}
	_, err := tx.ExecContext(ctx, `UPDATE accreditation SET state = $1, revoked_at = $2, revocation_reason = $3 WHERE id = $4`,
		string(s.State), revoked, r.RevocationReason, s.ID)
	if err != nil {
		return fmt.Errorf("save accreditation: %w", err)
	}
	return nil
}

// Newest finds an organisation's newest accreditation.
func (Store) Newest(ctx context.Context, q sqldb.Querier, organisationNumber string) (desk.Record, error) {
	return one(q.QueryContext(ctx, `SELECT `+columns+` FROM accreditation WHERE organisation_number = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, organisationNumber))
}

// ByDID finds the accreditation of a DID that is not revoked.
func (Store) ByDID(ctx context.Context, q sqldb.Querier, did string) (desk.Record, error) {
	return one(q.QueryContext(ctx, `SELECT `+columns+` FROM accreditation WHERE did = $1 AND state <> 'REVOKED'`, did))
}

// List gives the newest accreditation of each organisation after one.
func (Store) List(ctx context.Context, q sqldb.Querier, after string, limit int) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM accreditation AS a
		WHERE organisation_number > $1 AND NOT EXISTS (
			SELECT 1 FROM accreditation AS b WHERE b.organisation_number = a.organisation_number AND b.created_at > a.created_at)
		ORDER BY organisation_number LIMIT $2`, after, limit)
	return sqldb.Collect(rows, err, scan)
}

// Accredited gives all that are accredited, by organisation number.
func (Store) Accredited(ctx context.Context, q sqldb.Querier) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM accreditation WHERE state = 'ACCREDITED' ORDER BY organisation_number`)
	return sqldb.Collect(rows, err, scan)
}

// Version gives the trust list's version.
func (Store) Version(ctx context.Context, q sqldb.Querier) (int64, error) {
	var version int64
	if err := q.QueryRowContext(ctx, `SELECT version FROM trust_list WHERE id = 'current'`).Scan(&version); err != nil {
		return 0, fmt.Errorf("read version of trust list: %w", err)
	}
	return version, nil
}

// NextVersion moves the trust list on.
func (Store) NextVersion(ctx context.Context, tx *sqldb.Tx) error {
	n, err := sqldb.Changed(ctx, tx, `UPDATE trust_list SET version = version + 1 WHERE id = 'current'`)
	if err == nil && n != 1 {
		err = fault.New(fault.Internal, "trustlist.missing", "there is no trust list yet")
	}
	return err
}

// SetAgencies moves the trust list on when its agencies have changed, and
// begins it.
func (Store) SetAgencies(ctx context.Context, tx *sqldb.Tx, hash string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO trust_list (id, version, agencies) VALUES ('current', 1, $1)
		ON CONFLICT (id) DO UPDATE SET version = trust_list.version + 1, agencies = excluded.agencies
		WHERE trust_list.agencies <> excluded.agencies`, hash)
	return err
}

func one(rows *sql.Rows, err error) (desk.Record, error) {
	all, err := sqldb.Collect(rows, err, scan)
	if err != nil {
		return desk.Record{}, fmt.Errorf("read accreditation: %w", err)
	}
	if len(all) == 0 {
		return desk.Record{}, fault.New(fault.NotFound, "accreditation.unknown", "this organisation was never accredited")
	}
	return all[0], nil
}

func scan(r *sql.Rows) (desk.Record, error) {
	var rec desk.Record
	var s accreditation.Snapshot
	var scope, criteria string
	var from, revoked int64
	err := r.Scan(&s.ID, &s.OrganisationNumber, &s.LegalName, &rec.DID, &rec.Municipality, &scope, &criteria, &s.State, &from, &revoked,
		&rec.RevocationReason, &rec.ContentHash, &rec.CredentialID, &rec.Traceparent)
	if err != nil {
		return rec, err
	}
	if err := json.Unmarshal([]byte(criteria), &s.Criteria); err != nil {
		return rec, err
	}
	s.Scope, s.ValidFrom = strings.Fields(scope), clock.FromMicros(from)
	if revoked != 0 {
		s.RevokedAt = clock.FromMicros(revoked)
	}
	rec.Accreditation, err = accreditation.Restore(s)
	return rec, err
}
