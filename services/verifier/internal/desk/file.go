package desk

import (
	"context"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
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

// Opened is a case as an officer reads it.
type Opened struct {
	Record
	Grounds string // of its appeal, or empty
	Family  []FamilyCase
	// Accesses are who has read it before, oldest first.
	Accesses []accesslog.Row
}

// FamilyCase is a case of a family, and what its applicant is in it.
type FamilyCase struct {
	Record
	Relation Relation
}

// ReadFile gives an officer a case with all that was presented, and who has read
// it. That it was read, and what of it, is in the access log: no row, no answer.
func (d *Desk) ReadFile(ctx context.Context, caseRef string) (o Opened, err error) {
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByRef(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		o = Opened{Record: record}
		var paths []string
		for _, shown := range append([]Offer{record.File.Offer}, record.File.Supporting...) {
			paths = append(paths, pathsIn("", shown.Claims)...)
		}
		slices.Sort(paths)
		if record.Case.Appeal().ID != "" {
			if o.Grounds, err = d.Store.Grounds(ctx, tx, caseRef); err != nil {
				return err
			}
		}
		if record.Family != "" {
			if o.Family, err = d.relatives(ctx, tx, record.Family); err != nil {
				return err
			}
		}
		if o.Accesses, err = d.Store.Accesses(ctx, tx, caseRef, 0, mostAccesses); err != nil {
			return err
		}
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: ownAgency, Caller: ownCaller, Purpose: casePurpose, Claims: slices.Compact(paths),
		})
	})
	return o, err
}

func (d *Desk) relatives(ctx context.Context, tx *sqldb.Tx, family string) (all []FamilyCase, err error) {
	members, err := d.Store.Members(ctx, tx, family)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		record, err := d.Store.ByRef(ctx, tx, m.CaseRef)
		if err != nil {
			return nil, err
		}
		all = append(all, FamilyCase{record, m.Relation})
	}
	return all, nil
}

// pathsIn are the paths of all claims, such as passport.document_number. An amount of
// money is one claim.
func pathsIn(within string, claims map[string]any) (all []string) {
	for name, value := range claims {
		inner, nested := value.(map[string]any)
		if _, money := inner["amount"]; nested && !money {
			all = append(all, pathsIn(within+name+".", inner)...)
			continue
		}
		all = append(all, within+name)
	}
	return all
}

// IssuerNow is what the trust list says of an issuer now: its name, and whether it
// may issue such a credential. An error is that the list could not be asked.
func (d *Desk) IssuerNow(ctx context.Context, shown Offer) (name string, inForce bool, err error) {
	entity, err := d.Verification.Trust.Accredited(ctx, shown.Issuer, shown.Type, d.Clock.Now())
	if err != nil && fault.KindOf(err) == fault.Denied {
		return entity.LegalName, false, nil
	}
	return entity.LegalName, err == nil, err
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
