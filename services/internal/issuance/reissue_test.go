package issuance_test

import (
	"context"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// bits counts the status entries of a credential that are revoked and suspended.
func (d *desk) bits(id string) (revoked, suspended bool) {
	d.t.Helper()
	err := d.DB.Read().QueryRowContext(d.t.Context(),
		`SELECT revoked_at <> 0, suspended_at <> 0 FROM status_entry WHERE credential_id = $1`, id).Scan(&revoked, &suspended)
	d.check(err)
	return revoked, suspended
}

func TestReplacedCredentialIsRevokedAndTheNewOneCounts(t *testing.T) {
	d := open(t)
	old := d.reserve("case_1")
	replace := func() (id string) {
		d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			id, err = d.Issuer.Replace(ctx, tx, d.draft("case_1"), "the name was corrected")
			return err
		}))
		return id
	}
	second := replace()
	third := replace()
	current, err := d.Issuer.Current(t.Context(), d.DB.Read(), "case_1", d.draft("case_1").Type)
	d.check(err)
	if old == second || second == third || current.ID != third || current.State != issuance.Reserved {
		t.Fatalf("%s, %s, %s: %s counts, %s", old, second, third, current.ID, current.State)
	}
	for _, id := range []string{old, second} {
		if revoked, _ := d.bits(id); !revoked || d.state(id) != issuance.Withdrawn {
			t.Errorf("%s is %s, revoked %v", id, d.state(id), revoked)
		}
	}
	if revoked, _ := d.bits(third); revoked {
		t.Error("the new one is revoked")
	}
}

func TestReplaceWithoutACredentialReserves(t *testing.T) {
	d := open(t)
	d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) error {
		_, err := d.Issuer.Replace(ctx, tx, d.draft("case_1"), "the first")
		return err
	}))
	if got := d.Credentials(t, "case_1"); len(got) != 1 {
		t.Error(got)
	}
}

func TestStandingChangesByReference(t *testing.T) {
	d := open(t)
	kind := d.draft("case_1").Type
	change := func(do func(context.Context, *sqldb.Tx, string, string, string) (bool, error)) (changed bool) {
		t.Helper()
		d.check(d.tx(func(ctx context.Context, tx *sqldb.Tx) (err error) {
			changed, err = do(ctx, tx, "case_1", kind, "because")
			return err
		}))
		return changed
	}
	if change(d.Issuer.WithdrawOf) || change(d.Issuer.SuspendOf) || change(d.Issuer.ReinstateOf) {
		t.Error("there is nothing to change yet")
	}
	id := d.reserve("case_1")
	for range 2 {
		change(d.Issuer.SuspendOf)
	}
	if _, suspended := d.bits(id); !suspended {
		t.Error("not suspended")
	}
	change(d.Issuer.ReinstateOf)
	if _, suspended := d.bits(id); suspended {
		t.Error("still suspended")
	}
	if !change(d.Issuer.WithdrawOf) || change(d.Issuer.WithdrawOf) || change(d.Issuer.SuspendOf) {
		t.Error("a revocation is made once, and for good")
	}
	if revoked, suspended := d.bits(id); !revoked || suspended {
		t.Error("not revoked, or suspended afterwards")
	}
	if _, err := d.Issuer.Current(t.Context(), d.DB.Read(), "case_2", kind); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}
