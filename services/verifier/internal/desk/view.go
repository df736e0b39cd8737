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

// View is what one agency may know of a case.
type View struct {
	CaseRef  string
	Claims   []Claim // by path
	Agency   string  // the DID that the consent names
	Delivery string  // the DID that takes messages from this agency alone
	Shares   []string
	Employer string // the DID of the offer's issuer
	// Permit and Decision are unset when the view is read before the decision.
	Decision casefile.Decision
	Permit   *casefile.Permit
}

// Claim is a claim and the credential that it came from.
type Claim struct {
	Path  string
	Value any // as encoding/json reads it
	From  Source
}

// Source is where a claim came from.
type Source struct {
	CredentialID, Type, Issuer string
}

// View gives the calling agency its view: what its allow-list and the worker's
// consent both name. Of a caller that is several organisations it is the one
// that the consent names. The answer and its row in the access log are one
// transaction: no row, no answer.
func (d *Desk) View(ctx context.Context, caller, caseRef, purpose string) (view View, err error) {
	callers := d.agenciesByCaller(caller)
	if len(callers) == 0 {
		return View{}, fault.New(fault.Denied, "view.caller", "you are no agency that takes part")
	}
	if !slices.ContainsFunc(callers, func(a Agency) bool { return a.readsFor(purpose) }) {
		return View{}, fault.New(fault.Denied, "view.purpose", "you may not read cases for this purpose")
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		record, err := d.Store.ByRef(ctx, tx, caseRef)
		if err != nil {
			return err
		}
		agency, consent, err := record.File.Consent.among(callers)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "view.Get",
			telemetry.Case.String(caseRef), telemetry.Peer.String(agency.Name), telemetry.Purpose.String(purpose))
		defer func() { end(err) }()
		if view, err = d.viewOf(record, agency, consent, purpose); err != nil {
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

func (d *Desk) agenciesByCaller(caller string) (all []Agency) {
	for _, a := range d.Agencies {
		if a.Caller == caller {
			all = append(all, a)
		}
	}
	return all
}

// readsFor reports whether the agency may read for a purpose at all.
func (a Agency) readsFor(purpose string) bool {
	return purpose != "" && (purpose == a.Purpose || purpose == a.EarlyPurpose)
}

func (d *Desk) viewOf(r Record, agency Agency, consent ConsentAgency, purpose string) (View, error) {
	view := View{CaseRef: r.Case.ID(), Agency: agency.DID, Delivery: consent.Delivery, Employer: r.File.Offer.Issuer}
	allowed := agency.Claims
	switch {
	case !agency.readsFor(purpose):
		return View{}, fault.New(fault.Denied, "view.purpose", "you may not read cases for this purpose")
	case purpose == agency.EarlyPurpose:
		if err := r.Case.ReadableEarly(); err != nil {
			return View{}, err
		}
		allowed = agency.EarlyClaims
	default:
		if err := r.Case.Readable(); err != nil {
			return View{}, err
		}
		permit, err := r.Case.Permit(r.File.Facts, d.Parameters)
		if err != nil {
			return View{}, err
		}
		view.Permit, view.Decision = &permit, r.Case.Decision()
		for _, share := range r.File.Consent.Shares {
			if slices.Contains(agency.Shares, share) {
				view.Shares = append(view.Shares, share)
			}
		}
	}
	for _, path := range slices.Sorted(slices.Values(allowed)) {
		value, from, has := r.File.claim(path)
		if has && consent.permits(path) {
			view.Claims = append(view.Claims, Claim{Path: path, Value: value, From: from})
		}
	}
	return view, nil
}

// claim is a claim of the offer, or what the police corrected it to, or one of
// a credential that supports the application.
func (f File) claim(path string) (value any, from Source, has bool) {
	for _, c := range slices.Backward(f.Corrections) {
		if value, has := c.Claims[path]; has {
			return value, c.From, true
		}
	}
	for _, shown := range append([]Offer{f.Offer}, f.Supporting...) {
		if value, has := claimAt(shown.Claims, path); has {
			return value, Source{CredentialID: shown.CredentialID, Type: shown.Type, Issuer: shown.Issuer}, true
		}
	}
	return nil, Source{}, false
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
