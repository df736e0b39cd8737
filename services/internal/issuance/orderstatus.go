package issuance

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// entries are a credential's status entries for some purposes.
func (c Credential) entries(purposes []status.Purpose) []status.Entry {
	return slices.DeleteFunc(c.status.W3C(), func(e status.Entry) bool { return !slices.Contains(purposes, e.Purpose) })
}

// Ordered finds a credential of an issuer's by the name under which it was
// ordered, and the status entries that it carries. Those of an SD-JWT VC, which
// has one entry for both purposes, are given for each. NotFound when nothing was
// ordered under the name.
func (i *Issuer) Ordered(ctx context.Context, q sqldb.Querier, issuer, name string) (Credential, []status.Entry, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT credential_id FROM issuance_document WHERE issuer = $1 AND name = $2`, issuer, name).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Credential{}, nil, fault.New(fault.NotFound, "credential.unknown", "there is no such credential here")
	case err != nil:
		return Credential{}, nil, fmt.Errorf("find order: %w", err)
	}
	c, err := i.Find(ctx, q, id)
	if err != nil || c.status.List == "" {
		return c, nil, err
	}
	if c.Format == credential.SDJWT {
		entries := c.status.W3C()
		for n := range entries {
			entries[n].List = c.status.Token().List
		}
		return c, entries, nil
	}
	document, err := i.document(ctx, c)
	if err != nil {
		return c, nil, err
	}
	form, err := vcdm.ReadDocument(document)
	if err != nil {
		return c, nil, err
	}
	entries, err := status.ReadEntries(form.Status)
	return c, entries, err
}

// ChangeStatus sets or clears the status of a credential for a purpose,
// revocation or suspension, in the caller's transaction. A revocation is for
// good: Conflict. What is as it should be stays so.
func (i *Issuer) ChangeStatus(ctx context.Context, tx *sqldb.Tx, c Credential, purpose status.Purpose, set bool, why statuslist.Change) error {
	switch {
	case purpose == status.Suspension && set:
		return i.Lists.Suspend(ctx, tx, c.ID, why)
	case purpose == status.Suspension:
		return i.Lists.Reinstate(ctx, tx, c.ID, why)
	case set:
		return i.revoke(ctx, tx, c.ID, why)
	case c.State == Withdrawn:
		return fault.New(fault.Conflict, "credential.revoked", "the credential is revoked, which is for good")
	}
	return nil
}

func (i *Issuer) revoke(ctx context.Context, tx *sqldb.Tx, id string, why statuslist.Change) error {
	if err := i.Lists.Revoke(ctx, tx, id, why); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE issuance SET state = 'withdrawn' WHERE credential_id = $1`, id)
	return err
}
