package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// What the access log says of what a clerk reads here.
const (
	ownAgency   = "tax"
	readPurpose = "identifier-assignment"
)

// Read is a case with whose it is: claims by path, empty before the case was
// fetched. caller, the hash of the clerk's token, is recorded with what was read.
// NotFound for a case that no event has named.
func (d *Desk) Read(ctx context.Context, caseRef, caller string) (line Line, identity map[string]any, err error) {
	identity = map[string]any{}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if line, err = d.Store.Line(ctx, tx, caseRef); err != nil {
			return err
		}
		if line.Holders, err = d.Store.Holders(ctx, tx, caseRef); err != nil {
			return err
		}
		known, err := d.Cases.Find(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		var paths []string
		for _, claim := range known.View.Claims {
			identity[claim.Path] = claim.Value
			paths = append(paths, claim.Path)
		}
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: ownAgency, Caller: caller, Purpose: readPurpose, Claims: paths,
		})
	})
	return line, identity, err
}
