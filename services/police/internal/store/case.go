package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/desk"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

// Acted is the standing of a case that was acted on last: ACTIVE before any.
func (s Store) Acted(ctx context.Context, q sqldb.Querier, caseRef string) (onboarding.Standing, error) {
	standing := onboarding.Active
	err := q.QueryRowContext(ctx, `SELECT standing FROM acted_standing WHERE case_ref = $1`, caseRef).Scan(&standing)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read standing: %w", err)
	}
	return standing, nil
}

// Act records that a standing was acted on, and why.
func (s Store) Act(ctx context.Context, tx *sqldb.Tx, caseRef string, standing onboarding.Standing, cause string) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO acted_standing (case_ref, standing, cause) VALUES ($1, $2, $3)
		ON CONFLICT (case_ref) DO UPDATE SET standing = excluded.standing, cause = excluded.cause`, caseRef, string(standing), cause)
	if err != nil {
		return fmt.Errorf("save standing: %w", err)
	}
	return nil
}

// AddCorrection keeps what an officer corrected, sealed; once.
func (s Store) AddCorrection(ctx context.Context, tx *sqldb.Tx, caseRef string, c identity.Correction) error {
	plain, err := json.Marshal(c.Fields())
	if err != nil {
		return fmt.Errorf("write correction: %w", err)
	}
	sealed, err := s.Sealer.Seal(ctx, plain, []byte("identity/"+caseRef))
	if err != nil {
		return fmt.Errorf("seal correction: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO identity_correction (case_ref, fields, sealed, officer, recorded_at) VALUES ($1, $2, $3, $4, $5)`,
		caseRef, strings.Join(c.Paths(), " "), sealed, c.Officer(), clock.Micros(c.At()))
	if err != nil {
		return fmt.Errorf("save correction: %w", err)
	}
	return nil
}

// Correction gives what was corrected of a case; nothing is no fault.
func (s Store) Correction(ctx context.Context, q sqldb.Querier, caseRef string) (identity.Correction, error) {
	var none identity.Correction
	var sealed []byte
	var officer string
	var at int64
	err := q.QueryRowContext(ctx, `SELECT sealed, officer, recorded_at FROM identity_correction WHERE case_ref = $1`, caseRef).Scan(&sealed, &officer, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return none, nil
	}
	if err != nil {
		return none, fmt.Errorf("read correction: %w", err)
	}
	plain, err := s.Sealer.Open(ctx, sealed, []byte("identity/"+caseRef))
	if err != nil {
		return none, fmt.Errorf("unseal correction: %w", err)
	}
	var fields []identity.Field
	if err := json.Unmarshal(plain, &fields); err != nil {
		return none, fmt.Errorf("read correction: %w", err)
	}
	return identity.Correct(fields, officer, clock.FromMicros(at))
}

// AddEarlyStart keeps a confirmation and reports whether it is new.
func (s Store) AddEarlyStart(ctx context.Context, tx *sqldb.Tx, e desk.EarlyStart) (bool, error) {
	fresh, err := sqldb.Inserted(ctx, tx, `
		INSERT INTO early_start (case_ref, organisation_number, officer, confirmed_at) VALUES ($1, $2, $3, $4) ON CONFLICT (case_ref) DO NOTHING`,
		e.CaseRef, e.Employer, e.Officer, clock.Micros(e.At))
	if err != nil {
		return false, fmt.Errorf("save early start: %w", err)
	}
	return fresh, nil
}

// EarlyStart finds a confirmation; NotFound when there is none.
func (s Store) EarlyStart(ctx context.Context, q sqldb.Querier, caseRef string) (desk.EarlyStart, error) {
	found := desk.EarlyStart{CaseRef: caseRef}
	var at int64
	err := q.QueryRowContext(ctx, `SELECT organisation_number, officer, confirmed_at FROM early_start WHERE case_ref = $1`, caseRef).
		Scan(&found.Employer, &found.Officer, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return found, fault.New(fault.NotFound, "earlystart.unknown", "early start is not confirmed for this case")
	}
	found.At = clock.FromMicros(at)
	if err != nil {
		return found, fmt.Errorf("read early start: %w", err)
	}
	return found, nil
}
