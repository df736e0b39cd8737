package desk

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/ruleset"
)

// Identities gives what the police found a person's identity to be.
type Identities interface {
	// Identity gives the corrected claims of a case by the paths of the offer's
	// ("family_name", "passport.document_number"), and where they come from: no
	// credential, but a passport that was seen at an appointment. Faults: NotFound
	// for a case in which the police corrected nothing, Unavailable when they do
	// not answer.
	Identity(ctx context.Context, caseRef string) (Correction, error)
}

// Correction is what the police corrected: personal data.
type Correction struct {
	Claims map[string]any `json:"claims"` // by path
	From   Source         `json:"from"`
}

// DueCorrection is a correction that is to be fetched.
type DueCorrection struct {
	EventID, CaseRef string
	Attempts         int64
}

// correctable are the claims that a correction may change: those of identity.
var correctable = []string{
	"given_name", "family_name", "birthdate", "sex", "nationalities",
	"passport.document_number", "passport.issuing_country", "passport.date_of_expiry",
}

// CorrectStep fetches what the police corrected and has the case follow: the
// permit is issued anew, and tax and bank are told to read again.
func (d *Desk) CorrectStep(ctx context.Context) (bool, error) {
	due, err := d.Store.DueCorrections(ctx, d.DB.Read(), d.Clock.Now(), 16)
	if err != nil || len(due) == 0 {
		return false, err
	}
	for _, one := range due {
		correction, err := d.Identities.Identity(ctx, one.CaseRef)
		if err == nil {
			err = d.correct(ctx, one, correction)
		}
		if err == nil {
			continue
		}
		telemetry.Note(ctx, telemetry.Outcome.String(fault.RuleOf(err)))
		one.Attempts++
		wait := min(firstLook<<min(one.Attempts, 12), longestLook)
		if err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
			return d.Store.PutOffCorrection(ctx, tx, one, d.Clock.Now().Add(wait))
		}); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (d *Desk) correct(ctx context.Context, one DueCorrection, correction Correction) error {
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		fresh, err := d.Store.EndCorrection(ctx, tx, one.EventID)
		if err != nil || !fresh {
			return err
		}
		record, err := d.Store.ByRef(ctx, tx, one.CaseRef)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Correct", telemetry.Case.String(one.CaseRef))
		defer func() { end(err) }()
		fields := record.File.differing(&correction)
		if len(fields) == 0 {
			return nil // what is corrected stands there already
		}
		before := Evaluated{Facts: record.File.evaluated(), Evaluation: record.Case.Evaluation()}
		record.File.Corrections = append(record.File.Corrections, correction)
		if record.File.Facts, err = d.factsOf(record.File); err != nil {
			return err
		}
		if record.Case.Undecided() {
			record.File.Earlier = append(record.File.Earlier, before)
		} else {
			record.File.Evaluated = &before.Facts
		}
		evaluation, err := d.Rules.Evaluate(record.File.Facts, d.mode())
		if err != nil {
			return err
		}
		if err := record.Case.Correct(evaluation, d.Clock.Now()); err != nil {
			return err
		}
		if err := d.replacePermit(ctx, tx, record, string(causeCorrected)); err != nil {
			return err
		}
		names := make([]any, len(fields))
		for i, field := range fields {
			names[i] = field
		}
		event, err := d.Outbox.Append(ctx, tx, events.Happened{
			Type: "case.corrected", Case: one.CaseRef, TimeClass: eventbus.Machine, Data: map[string]any{"fields": names},
		})
		if err != nil {
			return err
		}
		if err := d.notify(ctx, tx, record, casefile.NoticeCorrected, nil); err != nil {
			return err
		}
		return d.save(ctx, tx, record, event)
	})
}

const causeCorrected casefile.Cause = "IDENTITY_CORRECTED"

// differing are the claims that a correction changes, in order. Claims that are
// none of identity, and those that say what is known, are taken out of it.
func (f File) differing(c *Correction) []string {
	claims := map[string]any{}
	for _, path := range correctable {
		value, has := c.Claims[path]
		if !has {
			continue
		}
		if known, _, _ := f.claim(path); string(object(known)) != string(object(value)) {
			claims[path] = value
		}
	}
	c.Claims = claims
	return slices.Sorted(maps.Keys(claims))
}

// factsOf reads the facts anew from what is in the file, as of the day on which
// the application was evaluated first.
func (d *Desk) factsOf(f File) (ruleset.Facts, error) {
	on, err := time.ParseInLocation(time.DateOnly, f.Facts.EvaluatedOn, d.Zone)
	if err != nil {
		return ruleset.Facts{}, fault.Wrap(err, fault.Internal, "case.stored", "the facts of a case have no date")
	}
	a := f.application()
	for _, correction := range f.Corrections {
		for path, value := range correction.Claims {
			a.Offer = withClaim(a.Offer, path, value)
		}
	}
	return ruleset.FactsOf(a, on)
}

// replacePermit revokes the permit that the worker holds and offers another with
// what is known now; it is suspended when the case is halted. A case without a
// permit has none to replace.
func (d *Desk) replacePermit(ctx context.Context, tx *sqldb.Tx, record Record, reason string) error {
	switch record.Case.State() {
	case casefile.Granted, casefile.Halted, casefile.Completed:
	default:
		return nil
	}
	draft, err := d.permitDraft(record)
	if err != nil {
		return err
	}
	draft.ValidFrom = d.Clock.Now()
	id, err := d.Issuer.Replace(ctx, tx, draft, reason)
	if err != nil {
		return err
	}
	if record.Case.State() == casefile.Halted {
		if _, err := d.Issuer.SuspendOf(ctx, tx, record.Case.ID(), credtype.ResidencePermit, reason); err != nil {
			return err
		}
	}
	return d.Issuer.Offer(ctx, tx, id, d.party(record))
}

// withClaim is a copy of claims in which one has another value.
func withClaim(claims map[string]any, path string, value any) map[string]any {
	changed := maps.Clone(claims)
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		changed[name] = value
		return changed
	}
	inner, _ := claims[name].(map[string]any)
	if inner == nil {
		inner = map[string]any{}
	}
	changed[name] = withClaim(inner, rest, value)
	return changed
}
