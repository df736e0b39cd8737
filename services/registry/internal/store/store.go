// Package store keeps accreditations, the versions of the trust list and how far
// the register's feed was read in the registry's database: rows to domain and
// back, no rules.
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
type Store struct {
	// Sealer keeps what is of persons: who signs, who declared, whom to write to.
	Sealer Sealer
}

// Sealer seals bytes for the database, bound to what they are of.
type Sealer interface {
	Seal(ctx context.Context, plaintext, aad []byte) ([]byte, error)
	Open(ctx context.Context, sealed, aad []byte) ([]byte, error)
}

const columns = `id, organisation_number, legal_name, did, municipality, scope, criteria, state, valid_from, valid_until, revoked_at, banned_until,
	persons, attested, register, content_hash, credential_id, traceparent, created_at`

// micros is 0 for a time that has not come.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Micros(t)
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return clock.FromMicros(micros)
}

// persons are what an accreditation has of persons.
type persons struct {
	Contact     string                    `json:"contact,omitempty"`
	Declaration accreditation.Declaration `json:"declaration"`
	Signatories []accreditation.Signatory `json:"signatories,omitempty"`
}

func about(id string) []byte { return []byte("accreditation/" + id) }

// written are an accreditation's columns that are more than a word.
type written struct {
	persons            []byte
	attested, register string
}

func (s Store) write(ctx context.Context, snap accreditation.Snapshot) (w written, err error) {
	plain, err := json.Marshal(persons{snap.Contact, snap.Declaration, snap.Signatories})
	if err != nil {
		return w, fmt.Errorf("write persons: %w", err)
	}
	if w.persons, err = s.Sealer.Seal(ctx, plain, about(snap.ID)); err != nil {
		return w, err
	}
	for _, part := range []struct {
		into *string
		from any
	}{{&w.attested, snap.Attested}, {&w.register, snap.Register}} {
		raw, err := json.Marshal(part.from)
		if err != nil {
			return w, fmt.Errorf("write accreditation: %w", err)
		}
		*part.into = string(raw)
	}
	return w, nil
}

// open reads the persons of a row; one of the first schema has none.
func (s Store) open(ctx context.Context, sealed []byte, into *accreditation.Snapshot) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := s.Sealer.Open(ctx, sealed, about(into.ID))
	if err != nil {
		return err
	}
	var p persons
	if err := json.Unmarshal(plain, &p); err != nil {
		return fmt.Errorf("read persons: %w", err)
	}
	into.Contact, into.Declaration, into.Signatories = p.Contact, p.Declaration, p.Signatories
	return nil
}

// Add puts in a new accreditation.
func (t Store) Add(ctx context.Context, tx *sqldb.Tx, r desk.Record, at time.Time) error {
	s := r.Accreditation.Snapshot()
	w, err := t.write(ctx, s)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO accreditation (`+columns+`, revocation_reason, name_folded)
		VALUES ($1, $2, $3, $4, $5, $6, '{}', $7, $8, $9, 0, $10, $11, $12, $13, $14, $15, $16, $17, '', $18)`,
		s.ID, s.OrganisationNumber, s.LegalName, r.DID, r.Municipality, strings.Join(s.Scope, " "), string(s.State),
		micros(s.ValidFrom), micros(s.ValidUntil), micros(s.BannedUntil), w.persons, w.attested, w.register, r.ContentHash, r.CredentialID, r.Traceparent, clock.Micros(at), accreditation.Fold(s.LegalName))
	if err != nil {
		return fmt.Errorf("add accreditation: %w", err)
	}
	return addChanges(ctx, tx, s)
}

// Save writes an accreditation back.
func (t Store) Save(ctx context.Context, tx *sqldb.Tx, r desk.Record) error {
	s := r.Accreditation.Snapshot()
	w, err := t.write(ctx, s)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE accreditation SET legal_name = $1, name_folded = $2, did = $3, municipality = $4, state = $5,
		valid_from = $6, valid_until = $7, banned_until = $8, persons = $9, attested = $10, register = $11, content_hash = $12, credential_id = $13
		WHERE id = $14`,
		s.LegalName, accreditation.Fold(s.LegalName), r.DID, r.Municipality, string(s.State), micros(s.ValidFrom), micros(s.ValidUntil),
		micros(s.BannedUntil), w.persons, w.attested, w.register, r.ContentHash, r.CredentialID, s.ID)
	if err != nil {
		return fmt.Errorf("save accreditation: %w", err)
	}
	return addChanges(ctx, tx, s)
}

// addChanges puts in the changes that are not there yet.
func addChanges(ctx context.Context, tx *sqldb.Tx, s accreditation.Snapshot) error {
	for i, c := range s.Changes {
		_, err := tx.ExecContext(ctx, `INSERT INTO accreditation_change
			(accreditation_id, number, from_state, to_state, code, reason, changed_by, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (accreditation_id, number) DO NOTHING`,
			s.ID, i+1, string(c.From), string(c.To), c.Code, c.Reason, c.By, clock.Micros(c.At))
		if err != nil {
			return fmt.Errorf("keep change of accreditation: %w", err)
		}
	}
	return nil
}

// Newest finds an organisation's newest accreditation.
func (s Store) Newest(ctx context.Context, q sqldb.Querier, organisationNumber string) (desk.Record, error) {
	return s.one(ctx, q, `WHERE organisation_number = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, organisationNumber)
}

// ByDID finds the accreditation of a DID that is not over.
func (s Store) ByDID(ctx context.Context, q sqldb.Querier, did string) (desk.Record, error) {
	return s.one(ctx, q, `WHERE did = $1 AND state NOT IN ('REVOKED', 'EXPIRED')`, did)
}

// OfOrganisation gives all accreditations that an organisation ever had, oldest
// first.
func (s Store) OfOrganisation(ctx context.Context, q sqldb.Querier, organisationNumber string) ([]desk.Record, error) {
	return s.all(ctx, q, `WHERE organisation_number = $1 ORDER BY created_at, id`, organisationNumber)
}

// List gives the newest accreditation of each organisation after one, those in
// a state unless it is empty.
func (s Store) List(ctx context.Context, q sqldb.Querier, after string, state accreditation.State, limit int) ([]desk.Record, error) {
	return s.all(ctx, q, `AS a WHERE organisation_number > $1 AND ($2 = '' OR state = $2) AND NOT EXISTS (
			SELECT 1 FROM accreditation AS b WHERE b.organisation_number = a.organisation_number
				AND (b.created_at > a.created_at OR b.created_at = a.created_at AND b.id > a.id))
		ORDER BY organisation_number LIMIT $3`, after, string(state), limit)
}

// Search gives those in force at an instant whose number begins with the words
// or whose name has them, by organisation number.
func (s Store) Search(ctx context.Context, q sqldb.Querier, words, after string, at time.Time, limit int) ([]desk.Record, error) {
	escaped := strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(accreditation.Fold(words))
	day := at.UTC().Truncate(24 * time.Hour)
	return s.all(ctx, q, `WHERE state = 'ACCREDITED' AND organisation_number > $1 AND valid_from <= $2 AND valid_until >= $3
			AND (name_folded LIKE $4 ESCAPE '!' OR organisation_number LIKE $5 ESCAPE '!')
		ORDER BY organisation_number LIMIT $6`, after, clock.Micros(at), clock.Micros(day), "%"+escaped+"%", escaped+"%", limit)
}

// Decided gives all that were ever accredited, by organisation number and time.
func (s Store) Decided(ctx context.Context, q sqldb.Querier) ([]desk.Record, error) {
	return s.all(ctx, q, `WHERE state <> 'PENDING' ORDER BY organisation_number, created_at, id`)
}

// Over gives accreditations whose last day is before a day and that have not
// expired.
func (s Store) Over(ctx context.Context, q sqldb.Querier, day time.Time, limit int) ([]desk.Record, error) {
	return s.all(ctx, q, `WHERE state IN ('ACCREDITED', 'SUSPENDED') AND valid_until < $1 AND valid_until > 0 ORDER BY id LIMIT $2`, clock.Micros(day), limit)
}

func (s Store) one(ctx context.Context, q sqldb.Querier, where string, args ...any) (desk.Record, error) {
	all, err := s.all(ctx, q, where, args...)
	if err != nil {
		return desk.Record{}, err
	}
	if len(all) == 0 {
		return desk.Record{}, fault.New(fault.NotFound, "accreditation.unknown", "this organisation was never accredited")
	}
	return all[0], nil
}

func (s Store) all(ctx context.Context, q sqldb.Querier, where string, args ...any) ([]desk.Record, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+columns+` FROM accreditation `+where, args...)
	found, err := sqldb.Collect(rows, err, scan)
	if err != nil {
		return nil, fmt.Errorf("read accreditations: %w", err)
	}
	told, err := changes(ctx, q, where, args...)
	if err != nil {
		return nil, err
	}
	out := make([]desk.Record, 0, len(found))
	for _, row := range found {
		row.snapshot.Changes = told[row.snapshot.ID]
		if err := s.open(ctx, row.persons, &row.snapshot); err != nil {
			return nil, err
		}
		if row.record.Accreditation, err = accreditation.Restore(row.snapshot); err != nil {
			return nil, err
		}
		out = append(out, row.record)
	}
	return out, nil
}

// changes are those of the accreditations that a condition finds, by id.
func changes(ctx context.Context, q sqldb.Querier, where string, args ...any) (map[string][]accreditation.Change, error) {
	type told struct {
		id     string
		change accreditation.Change
	}
	rows, err := q.QueryContext(ctx, `SELECT accreditation_id, from_state, to_state, code, reason, changed_by, changed_at FROM accreditation_change
		WHERE accreditation_id IN (SELECT id FROM accreditation `+where+`) ORDER BY accreditation_id, number`, args...)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (t told, err error) {
		var at int64
		err = r.Scan(&t.id, &t.change.From, &t.change.To, &t.change.Code, &t.change.Reason, &t.change.By, &at)
		t.change.At = clock.FromMicros(at)
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read changes of accreditations: %w", err)
	}
	by := map[string][]accreditation.Change{}
	for _, t := range all {
		by[t.id] = append(by[t.id], t.change)
	}
	return by, nil
}

// row is an accreditation before its changes and persons are read.
type row struct {
	persons  []byte
	record   desk.Record
	snapshot accreditation.Snapshot
}

func scan(r *sql.Rows) (row, error) {
	var out row
	s := &out.snapshot
	var scope, criteria, attested, register string
	var from, until, revoked, banned, created int64
	err := r.Scan(&s.ID, &s.OrganisationNumber, &s.LegalName, &out.record.DID, &out.record.Municipality, &scope, &criteria, &s.State,
		&from, &until, &revoked, &banned, &out.persons, &attested, &register,
		&out.record.ContentHash, &out.record.CredentialID, &out.record.Traceparent, &created)
	if err != nil {
		return out, err
	}
	for _, part := range []struct {
		from string
		into any
	}{{attested, &s.Attested}, {register, &s.Register}} {
		if err := json.Unmarshal([]byte(part.from), part.into); err != nil {
			return out, err
		}
	}
	s.Scope, s.ValidFrom, s.ValidUntil = strings.Fields(scope), instant(from), instant(until)
	s.BannedUntil = instant(banned)
	return out, before(s, criteria, instant(revoked), instant(created))
}

// before fills in what rows of the first schema say in other columns: they held
// four years and banned for two, and whoever accredited had recorded each
// criterion as met.
func before(s *accreditation.Snapshot, criteria string, revoked, created time.Time) error {
	if s.State == accreditation.Pending || !s.ValidUntil.IsZero() {
		return nil
	}
	s.ValidUntil = s.ValidFrom.AddDate(4, 0, -1)
	if s.State == accreditation.Revoked {
		s.BannedUntil = revoked.AddDate(2, 0, 0)
	}
	var met map[accreditation.Criterion]bool
	if err := json.Unmarshal([]byte(criteria), &met); err != nil {
		return err
	}
	s.Attested = map[accreditation.Criterion]accreditation.Attestation{}
	for _, c := range []accreditation.Criterion{accreditation.TaxArrears, accreditation.Sanctions, accreditation.Pay, accreditation.Signatories} {
		if met[c] {
			s.Attested[c] = accreditation.Attestation{Criterion: c, Met: true, By: "programme", At: created}
		}
	}
	return nil
}
