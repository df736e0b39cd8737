package desk

import (
	"context"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/police/internal/appointment"
)

// Officer is who asks. Office is where the officer works; empty binds to none.
type Officer struct{ Subject, Office, TokenHash string }

// How officers stand in the access log.
const (
	ownAgency       = "police"
	identityPurpose = "identity-control"
	refusedPurpose  = "refused:"
)

// Within lets an officer at a visit of the own office. Another office's is Denied
// (rule police.office), and that it was tried is in the access log. A case that
// has no visit yet belongs to no office.
func (d *Desk) Within(ctx context.Context, who Officer, which Which, tried string) error {
	if who.Office == "" {
		return nil
	}
	caseRef, err := d.meant(ctx, d.DB.Read(), which)
	if err != nil {
		return err
	}
	visits, err := d.Store.Visits(ctx, d.DB.Read(), caseRef)
	if err != nil {
		return err
	}
	at, err := pick(visits, which)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return nil // the verb says that there is none
	}
	if err != nil {
		return err
	}
	return d.atOffice(ctx, who, caseRef, at.Office().ID, tried)
}

// AtOffice lets an officer read the list of an office: the own.
func (d *Desk) AtOffice(ctx context.Context, who Officer, officeID, tried string) error {
	return d.atOffice(ctx, who, "", officeID, tried)
}

func (d *Desk) atOffice(ctx context.Context, who Officer, caseRef, officeID, tried string) error {
	if who.Office == "" || who.Office == officeID {
		return nil
	}
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: ownAgency, Caller: who.TokenHash, Purpose: refusedPurpose + tried,
		})
	})
	if err != nil {
		return err
	}
	return fault.New(fault.Denied, "police.office", "this is a matter of another office")
}

// Visit is a case as an officer meets its worker.
type Visit struct {
	Visits appointment.Visits
	// Identity are the claims to compare with the passport, by their paths.
	Identity map[string]any
}

// compared are the claims that an officer compares with the passport.
var compared = []string{"given_name", "family_name", "birthdate", "sex", "nationalities", "place_of_birth.locality", "place_of_birth.country",
	"passport.document_number", "passport.issuing_country", "passport.date_of_expiry"}

// Visit gives an officer a case's visits and what to compare. That it was read is
// in the access log: no row, no answer.
func (d *Desk) Visit(ctx context.Context, who Officer, caseRef string) (v Visit, err error) {
	if err := d.Within(ctx, who, Which{CaseRef: caseRef}, "visit"); err != nil {
		return v, err
	}
	v.Identity = map[string]any{}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		known, err := d.Cases.Find(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		if v.Visits, err = d.Store.Visits(ctx, tx, caseRef); err != nil {
			return err
		}
		var paths []string
		for _, c := range known.View.Claims {
			if slices.Contains(compared, c.Path) {
				v.Identity[c.Path] = c.Value
				paths = append(paths, c.Path)
			}
		}
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: ownAgency, Caller: who.TokenHash, Purpose: identityPurpose, Claims: paths,
		})
	})
	return v, err
}
