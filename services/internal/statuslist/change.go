package statuslist

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Change says who changes a status and why. It is kept for ever.
type Change struct {
	// By is whoever asked for it; empty for the issuer as such.
	By string
	// Reason has 1 to 500 bytes.
	Reason string
}

const maxReason = 500

// Revoke revokes a credential for good, once: again, it changes nothing. Like
// the other changes it is part of the caller's transaction, counts from the
// next answer of the lists, and is NotFound when the credential has no position
// here.
func (l *Lists) Revoke(ctx context.Context, tx *sqldb.Tx, credentialID string, why Change) error {
	now, err := find(ctx, tx, credentialID)
	if err != nil || now.revokedAt != 0 {
		return err
	}
	return l.record(ctx, tx, now, "revoked", 0, why,
		`UPDATE status_entry SET revoked_at = $1 WHERE credential_id = $2 AND revoked_at = 0`, clock.Micros(l.Clock.Now()))
}

// Suspend suspends a credential until Reinstate; Conflict when it is revoked.
func (l *Lists) Suspend(ctx context.Context, tx *sqldb.Tx, credentialID string, why Change) error {
	now, err := findStanding(ctx, tx, credentialID)
	if err != nil || now.suspendedAt != 0 {
		return err
	}
	return l.record(ctx, tx, now, "suspended", 0, why,
		`UPDATE status_entry SET suspended_at = $1 WHERE credential_id = $2 AND suspended_at = 0`, clock.Micros(l.Clock.Now()))
}

// Reinstate lifts a suspension. It lifts no revocation: Conflict when the
// credential is revoked.
func (l *Lists) Reinstate(ctx context.Context, tx *sqldb.Tx, credentialID string, why Change) error {
	now, err := findStanding(ctx, tx, credentialID)
	if err != nil || now.suspendedAt == 0 {
		return err
	}
	return l.record(ctx, tx, now, "reinstated", 0, why,
		`UPDATE status_entry SET suspended_at = $1 WHERE credential_id = $2 AND suspended_at <> 0`, 0)
}

// SetMessage gives a credential one of the messages of the Config, by its
// place. Whether the credential stands is another matter.
func (l *Lists) SetMessage(ctx context.Context, tx *sqldb.Tx, credentialID string, value int, why Change) error {
	if l.Messages == nil || value < 0 || value >= len(l.Messages.Texts) {
		return fault.New(fault.Invalid, "status.value", "this service has no such message")
	}
	now, err := find(ctx, tx, credentialID)
	if err != nil || now.message == value {
		return err
	}
	return l.record(ctx, tx, now, "message", value, why,
		`UPDATE status_entry SET message = $1 WHERE credential_id = $2 AND message <> $1`, int64(value))
}

// entry is how a credential's status stands.
type entry struct {
	credentialID           string
	list                   int64
	issuer                 string
	revokedAt, suspendedAt int64
	message                int
}

func find(ctx context.Context, q sqldb.Querier, credentialID string) (entry, error) {
	e := entry{credentialID: credentialID}
	err := q.QueryRowContext(ctx, `
		SELECT e.list, l.issuer, e.revoked_at, e.suspended_at, e.message
		FROM status_entry e JOIN status_list l ON l.number = e.list WHERE e.credential_id = $1`, credentialID).
		Scan(&e.list, &e.issuer, &e.revokedAt, &e.suspendedAt, &e.message)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return e, fault.New(fault.NotFound, "credential.unknown", "no such credential was issued here")
	case err != nil:
		return e, fmt.Errorf("find status: %w", err)
	}
	return e, nil
}

func findStanding(ctx context.Context, q sqldb.Querier, credentialID string) (entry, error) {
	e, err := find(ctx, q, credentialID)
	if err == nil && e.revokedAt != 0 {
		err = fault.New(fault.Conflict, "credential.revoked", "the credential is revoked, which is for good")
	}
	return e, err
}

// record makes a change, unless somebody else has made it meanwhile, and
// writes it down as the list's next version.
func (l *Lists) record(ctx context.Context, tx *sqldb.Tx, of entry, what string, message int, why Change, update string, value int64) error {
	if strings.TrimSpace(why.Reason) == "" || len(why.Reason) > maxReason || len(why.By) > maxReason {
		return fault.New(fault.Invalid, "status.reason", "say why the status changes, in at most %d bytes", maxReason)
	}
	if why.By == "" {
		why.By = of.issuer
	}
	n, err := sqldb.Changed(ctx, tx, update, value, of.credentialID)
	if err != nil || n == 0 {
		return err
	}
	var version int64
	err = tx.QueryRowContext(ctx, `UPDATE status_list SET version = version + 1 WHERE number = $1 RETURNING version`, of.list).Scan(&version)
	if err != nil {
		return fmt.Errorf("renew status list: %w", err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO status_change (list, version, credential_id, what, message, changed_by, reason, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		of.list, version, of.credentialID, what, message, why.By, why.Reason, clock.Micros(l.Clock.Now()))
	if err != nil {
		return fmt.Errorf("record status change: %w", err)
	}
	return nil
}
