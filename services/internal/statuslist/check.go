package statuslist

import (
	"context"
	"net/http"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// maxPublished is the largest status list credential that is read, in bytes.
const maxPublished = 1 << 20

// Checker asks the status lists that credentials name, anew each time: it is
// for decisions, where an old answer is worth nothing. It is the credential
// engine's StatusChecker, safe for concurrent use.
type Checker struct {
	Get interface {
		Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
	}
	Keys  credential.KeyResolver
	Clock clock.Clock
}

// CheckStatus fetches and verifies every list that the credential names. A
// list that cannot be had is Unavailable: then nobody knows, and the
// credential is not valid.
func (c *Checker) CheckStatus(ctx context.Context, of *credential.Verified) error {
	now := c.Clock.Now()
	for _, entry := range of.Status {
		raw, _, err := c.Get.Get(ctx, entry.List, maxPublished)
		if err != nil {
			return fault.Wrap(err, fault.Unavailable, "status.unreachable", "the status list of the credential cannot be reached, so nobody knows whether it still stands")
		}
		list, err := credential.Verify(ctx, c.Keys, raw, credential.Options{Now: now, LeaveStatus: true})
		if err != nil {
			return err
		}
		form, err := vcdm.ReadCredential(list.Document)
		if err != nil {
			return err
		}
		published, err := status.ReadList(form)
		if err != nil {
			return err
		}
		if err := published.Check(of.Issuer, of.Status, now); err != nil {
			return err
		}
	}
	return nil
}
