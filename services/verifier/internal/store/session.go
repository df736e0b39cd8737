package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/desk"
)

// AddSession puts in a new session.
func (s *Store) AddSession(ctx context.Context, tx *sqldb.Tx, one desk.Session) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO application_session (thread, theirs, challenge, expires_at, state, case_ref, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		one.Thread, one.Theirs, one.Challenge, clock.Micros(one.ExpiresAt), string(one.State), one.CaseRef, clock.Micros(one.CreatedAt))
	if err != nil {
		return fmt.Errorf("add session: %w", err)
	}
	return nil
}

// Session finds the session of a thread with a wallet.
func (s *Store) Session(ctx context.Context, q sqldb.Querier, thread, theirs string) (desk.Session, error) {
	one := desk.Session{Thread: thread, Theirs: theirs}
	var expires, created int64
	err := q.QueryRowContext(ctx, `
		SELECT challenge, expires_at, state, created_at, case_ref FROM application_session WHERE thread = $1 AND theirs = $2`, thread, theirs).
		Scan(&one.Challenge, &expires, &one.State, &created, &one.CaseRef)
	if errors.Is(err, sql.ErrNoRows) {
		return one, fault.New(fault.NotFound, "presentation.no-such-session", "nothing was asked of you in this thread")
	}
	if err != nil {
		return one, fmt.Errorf("read session: %w", err)
	}
	one.ExpiresAt, one.CreatedAt = clock.FromMicros(expires), clock.FromMicros(created)
	return one, nil
}

// RenewSession gives a session that is not used another challenge.
func (s *Store) RenewSession(ctx context.Context, tx *sqldb.Tx, one desk.Session) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE application_session SET challenge = $1, expires_at = $2 WHERE thread = $3 AND theirs = $4 AND state = 'asked'`,
		one.Challenge, clock.Micros(one.ExpiresAt), one.Thread, one.Theirs)
	if err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	return nil
}

// EndSession ends a session that still asks for this challenge; false when it
// does not.
func (s *Store) EndSession(ctx context.Context, tx *sqldb.Tx, one desk.Session, to desk.SessionState, caseRef string) (bool, error) {
	n, err := sqldb.Changed(ctx, tx, `
		UPDATE application_session SET state = $1, case_ref = $2 WHERE thread = $3 AND theirs = $4 AND challenge = $5 AND state = 'asked'`,
		string(to), caseRef, one.Thread, one.Theirs, one.Challenge)
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	return n == 1, nil
}

// HasPresented reports whether a session with the DID was used up in the case.
func (s *Store) HasPresented(ctx context.Context, q sqldb.Querier, caseRef, theirs string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM application_session WHERE theirs = $1 AND case_ref = $2 AND state = 'used'`, theirs, caseRef).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("find presentation: %w", err)
	}
	return n > 0, nil
}
