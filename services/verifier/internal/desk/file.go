package desk

import (
	"context"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// How an officer's reading stands in the access log.
const (
	ownAgency   = "udi"
	ownCaller   = "officer"
	casePurpose = "case-work"
)

// mostAccesses is how many rows of the access log an officer is shown.
const mostAccesses = 200

// ReadFile gives an officer a case with all that was presented, and who has read
// it. That it was read, and what of it, is in the access log: no row, no answer.
func (d *Desk) ReadFile(ctx context.Context, caseRef string) (record Record, rows []accesslog.Row, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if record, err = d.Store.ByRef(ctx, tx, caseRef); err != nil {
			return err
		}
		var paths []string
		for _, shown := range append([]Offer{record.File.Offer}, record.File.Supporting...) {
			for path := range shown.Claims {
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		if rows, err = d.Store.Accesses(ctx, tx, caseRef, 0, mostAccesses); err != nil {
			return err
		}
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: ownAgency, Caller: ownCaller, Purpose: casePurpose, Claims: slices.Compact(paths),
		})
	})
	return record, rows, err
}

// PreviewNotice is what the worker would be written by language if the case were
// decided so now, and the language in which the worker is written to.
func (d *Desk) PreviewNotice(ctx context.Context, caseRef string, outcome casefile.State) (texts map[string]string, language string, err error) {
	record, err := d.Get(ctx, caseRef)
	if err != nil {
		return nil, "", err
	}
	kind, values := casefile.NoticeGranted, map[string]string{"number": record.Case.Number()}
	if outcome == casefile.Refused {
		deadline, err := d.AppealDeadline(d.Clock.Now())
		if err != nil {
			return nil, "", err
		}
		kind, values["deadline"] = casefile.NoticeRefused, deadline.Format(time.DateOnly)
	}
	texts = map[string]string{}
	for _, one := range casefile.Languages {
		texts[one], _ = d.Notices.Text(kind, one, values)
	}
	_, language = d.Notices.Text(kind, record.File.Consent.Lang, values)
	return texts, language, nil
}
