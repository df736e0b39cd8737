package desk

import (
	"context"
	"crypto/subtle"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// ListAccess gives who has read a case, oldest first, after a position, to
// whoever shows the capability that was given to the wallet that applied. An
// unknown case and a wrong capability are told apart by nobody.
func (d *Desk) ListAccess(ctx context.Context, caseRef, capability string, after int64, limit int) ([]accesslog.Row, error) {
	kept, err := d.Store.CapabilityHashes(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return nil, err
	}
	opens := 0
	for _, one := range kept {
		opens |= subtle.ConstantTimeCompare([]byte(one), []byte(hashCapability(capability)))
	}
	if opens != 1 {
		return nil, fault.New(fault.Denied, "access.capability", "this capability does not open the access log of this case")
	}
	return d.Store.Accesses(ctx, d.DB.Read(), caseRef, after, limit)
}
