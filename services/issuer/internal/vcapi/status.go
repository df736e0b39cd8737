package vcapi

import (
	"context"
	"slices"
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
)

// ChangeStatus changes the status of a credential that the tenant has had
// issued over the VC API: all of its entries, or none. The credential of an
// offer follows the offer, so that whoever waits for the offer hears of it.
func (i *Issuer) ChangeStatus(ctx context.Context, change vcapi.Change) (err error) {
	ctx, end := telemetry.Span(ctx, "credential.ChangeStatus")
	defer func() { end(err) }()
	tenant, err := i.tenant(change.Tenant)
	if err != nil {
		return err
	}
	return i.Issuance.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		ordered, entries, err := i.Issuance.Ordered(ctx, tx, tenant.DID, change.Name)
		if fault.KindOf(err) == fault.NotFound {
			return i.notOrdered(ctx, tx, tenant.DID, change.Name, err)
		}
		if err != nil {
			return err
		}
		for _, wanted := range change.Entries {
			if !slices.ContainsFunc(entries, func(e status.Entry) bool { return names(wanted, e) }) {
				return invalid("no-such-status", "the credential has no such status entry")
			}
			why := statuslist.Change{By: change.By, Reason: change.Reason}
			if err := i.Issuance.ChangeStatus(ctx, tx, ordered, wanted.Purpose, wanted.Set, why); err != nil {
				return err
			}
		}
		return nil
	})
}

// notOrdered says where the status of a credential is changed that the tenant
// has had issued in another way.
func (i *Issuer) notOrdered(ctx context.Context, tx *sqldb.Tx, issuer, id string, unknown error) error {
	c, err := i.Issuance.Find(ctx, tx, id)
	if err == nil && c.Issuer == issuer && c.Reference != c.ID {
		return fault.New(fault.Conflict, "vcapi.of-an-offer", "this credential belongs to an offer: withdraw the offer, POST /v1/offers/{offer_id}:withdraw")
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	return unknown
}

// names reports whether what was asked for means an entry.
func names(wanted vcapi.EntryChange, e status.Entry) bool {
	index := strconv.Itoa(e.Index)
	return wanted.Purpose == e.Purpose &&
		(wanted.List == "" || wanted.List == e.List) &&
		(wanted.Index == "" || wanted.Index == index) &&
		(wanted.ID == "" || wanted.ID == e.List+"#"+index)
}

var _ vcapi.Issuer = (*Issuer)(nil)
