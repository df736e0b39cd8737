package desk

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Revoke ends an organisation's accreditation for good: the status bit of its
// credential is set and the next trust list no longer names it. Again, it
// changes nothing and answers the same.
func (d *Desk) Revoke(ctx context.Context, organisationNumber, reason string) (_ Record, err error) {
	ctx, end := telemetry.Span(ctx, "employer.Revoke")
	defer func() { end(err) }()
	if n := utf8.RuneCountInString(reason); strings.TrimSpace(reason) == "" || n > 500 || !utf8.ValidString(reason) {
		return Record{}, fault.Violated("accreditation.invalid", "the accreditation cannot be revoked as asked", []fault.Violation{
			{Field: "reason", Rule: "accreditation.reason", Message: "give the reason, 1 to 500 characters"}})
	}
	var record Record
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if record, err = d.Store.Newest(ctx, tx, organisationNumber); err != nil {
			return err
		}
		// As the database keeps it, so that a repetition answers the same.
		changed, err := record.Accreditation.Revoke(d.Clock.Now().Truncate(time.Microsecond))
		if err != nil || !changed {
			return err
		}
		record.RevocationReason = reason
		if err := d.Store.Save(ctx, tx, record); err != nil {
			return err
		}
		if err := d.Issuer.Withdraw(ctx, tx, record.CredentialID, "accreditation revoked"); err != nil {
			return err
		}
		if err := d.Store.NextVersion(ctx, tx); err != nil {
			return err
		}
		ctx := telemetry.Continue(ctx, record.Traceparent)
		_, err = d.Outbox.Append(ctx, tx, events.Happened{Type: "employer.revoked", Case: record.Accreditation.ID(), TimeClass: eventbus.Human})
		return err
	})
	return record, err
}
