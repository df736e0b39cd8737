package desk

import (
	"context"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// View is what one agency may know of a granted case.
type View struct {
	CaseRef  string
	Claims   []Claim // by path
	Delivery string  // the DID that takes messages from this agency alone
	Decision casefile.Decision
	Permit   casefile.Permit
}

// Claim is a claim and the credential that it came from.
type Claim struct {
	Path  string
	Value any // as encoding/json reads it
	From  Offer
}

// View gives the calling agency its view: what its allow-list and the worker's
// consent both name. The answer and its row in the access log are one
// transaction: no row, no answer.
func (d *Desk) View(ctx context.Context, caller, caseRef, purpose string) (view View, err error) {
	agency, err := d.agencyByCaller(caller)
	if err != nil {
		return View{}, err
	}
	if purpose != agency.Purpose {
		return View{}, fault.New(fault.Denied, "view.purpose", "you may not read cases for this purpose")
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		record, err := d.Store.ByRef(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "view.Get",
			telemetry.Case.String(caseRef), telemetry.Peer.String(agency.Name), telemetry.Purpose.String(purpose))
		defer func() { end(err) }()
		if view, err = record.viewOf(agency); err != nil {
			return err
		}
		return d.Store.AddAccess(ctx, tx, accesslog.Entry{
			Case: caseRef, At: d.Clock.Now(), Agency: agency.Name, Caller: caller, Purpose: purpose, Claims: view.paths(),
		})
	})
	if err != nil {
		return View{}, err
	}
	return view, nil
}

func (d *Desk) agencyByCaller(caller string) (Agency, error) {
	for _, a := range d.Agencies {
		if a.Caller == caller {
			return a, nil
		}
	}
	return Agency{}, fault.New(fault.Denied, "view.caller", "you are no agency that takes part")
}

func (r Record) viewOf(agency Agency) (View, error) {
	permit, err := r.Case.Permit(r.File.Facts)
	if err != nil {
		return View{}, err
	}
	consent, named := r.File.Consent.For(agency.DID)
	if !named {
		return View{}, fault.New(fault.Denied, "view.no-consent", "the worker's consent does not name you")
	}
	view := View{CaseRef: r.Case.ID(), Delivery: consent.Delivery, Decision: r.Case.Decision(), Permit: permit}
	for _, path := range slices.Sorted(slices.Values(agency.Claims)) {
		value, has := claimAt(r.File.Offer.Claims, path)
		if has && consent.permits(path) {
			view.Claims = append(view.Claims, Claim{Path: path, Value: value, From: r.File.Offer})
		}
	}
	return view, nil
}

func (v View) paths() []string {
	paths := make([]string, len(v.Claims))
	for i, c := range v.Claims {
		paths[i] = c.Path
	}
	return paths
}

// claimAt is the claim at a path such as "passport.document_number".
func claimAt(claims map[string]any, path string) (any, bool) {
	var value any = claims
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		inner, has := object[name]
		if !has {
			return nil, false
		}
		value = inner
	}
	return value, value != nil
}
