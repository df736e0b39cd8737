package issuance

import (
	"context"
	"errors"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

// Current gives the credential of a type that counts for a reference: the one
// that was reserved last. NotFound when there is none.
func (i *Issuer) Current(ctx context.Context, q sqldb.Querier, reference, kind string) (Credential, error) {
	return find(ctx, q, `SELECT `+columns+` FROM issuance WHERE reference = $1 AND type = $2`, reference, kind)
}

// Replace revokes the current credential of the draft's reference and type, with
// a reason, and reserves the draft in its place: what a holder has is never
// changed, it is revoked and another is offered. Without a current one it
// reserves. The draft's id is returned; to offer it is the caller's.
func (i *Issuer) Replace(ctx context.Context, tx *sqldb.Tx, draft Draft, reason string) (string, error) {
	old, err := i.Current(ctx, tx, draft.Reference, draft.Type)
	if fault.KindOf(err) == fault.NotFound {
		return i.Reserve(ctx, tx, draft)
	}
	if err != nil {
		return "", err
	}
	if err := i.Withdraw(ctx, tx, old.ID, reason); err != nil {
		return "", err
	}
	// The old one keeps its row, under its own id: the name is the new one's.
	_, err = tx.ExecContext(ctx, `UPDATE issuance SET reference = $1 WHERE credential_id = $2`, replacedReference(old), old.ID)
	if err != nil {
		return "", fmt.Errorf("make room for another %s: %w", draft.Type, err)
	}
	return i.Reserve(ctx, tx, draft)
}

func replacedReference(c Credential) string { return c.Reference + "/" + c.ID }

// WithdrawOf revokes the current credential of a reference and type. It reports
// whether there was one that stood: none, or one that is revoked already, is
// no fault.
func (i *Issuer) WithdrawOf(ctx context.Context, tx *sqldb.Tx, reference, kind, reason string) (changed bool, err error) {
	return i.standing(ctx, tx, reference, kind, func(id string) error { return i.Withdraw(ctx, tx, id, reason) })
}

// SuspendOf sets the suspension bit of the current credential of a reference and
// type, as WithdrawOf revokes it.
func (i *Issuer) SuspendOf(ctx context.Context, tx *sqldb.Tx, reference, kind, reason string) (changed bool, err error) {
	return i.standing(ctx, tx, reference, kind, func(id string) error {
		return i.Lists.Suspend(ctx, tx, id, statuslist.Change{Reason: reason})
	})
}

// ReinstateOf lifts what SuspendOf did.
func (i *Issuer) ReinstateOf(ctx context.Context, tx *sqldb.Tx, reference, kind, reason string) (changed bool, err error) {
	return i.standing(ctx, tx, reference, kind, func(id string) error {
		return i.Lists.Reinstate(ctx, tx, id, statuslist.Change{Reason: reason})
	})
}

func (i *Issuer) standing(ctx context.Context, tx *sqldb.Tx, reference, kind string, do func(id string) error) (bool, error) {
	c, err := i.Current(ctx, tx, reference, kind)
	switch {
	case fault.KindOf(err) == fault.NotFound || err == nil && c.State == Withdrawn:
		return false, nil
	case err != nil:
		return false, err
	}
	if err := do(c.ID); err != nil {
		return false, errors.Join(fmt.Errorf("change status of %s", kind), err)
	}
	return true, nil
}
