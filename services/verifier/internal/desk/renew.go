package desk

import (
	"context"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// superseded is the case of the offer that this one supersedes, by the word of
// the issuer who signed both; empty when the offer supersedes none, or one that
// nobody has presented.
func (d *Desk) superseded(ctx context.Context, q sqldb.Querier, file File) (caseRef string, err error) {
	old, supersedes := claimAt(file.Offer.Claims, "supersedes")
	id, _ := old.(string)
	if !supersedes || id == file.offerID() {
		return "", nil
	}
	record, err := d.Store.ByPresented(ctx, q, file.Offer.Issuer, id)
	if fault.KindOf(err) == fault.NotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return record.Case.ID(), nil
}

// samePerson are the claims by which a changed offer is still to the same person.
var samePerson = []string{"birthdate", "passport.document_number", "passport.issuing_country"}

// renew goes on with a case on a changed offer (utlendingsforskriften § 6-9, UDI
// 2013-006): the rules are held against the new one, and what was paid stays
// paid. A case that was granted is stopped until an officer has looked.
//
// Rules: application.offer-already-used, application.another-person and those of
// casefile.Renew (Conflict).
func (d *Desk) renew(ctx context.Context, tx *sqldb.Tx, in arrival, caseRef string) error {
	fresh, err := d.Store.EndSession(ctx, tx, in.session, Used, caseRef)
	if err != nil {
		return err
	}
	if !fresh {
		return alreadyUsed()
	}
	record, err := d.Store.ByRef(ctx, tx, caseRef)
	if err != nil {
		return err
	}
	for _, path := range samePerson {
		before, _ := claimAt(record.File.Offer.Claims, path)
		now, _ := claimAt(in.file.Offer.Claims, path)
		if string(object(before)) != string(object(now)) {
			return fault.New(fault.Conflict, "application.another-person", "the offer that this one supersedes was to somebody else")
		}
	}
	was := record.Case.State()
	in.file.Corrections = record.File.Corrections
	in.file.Earlier = record.Evaluations()
	// The employer alone can make a changed offer and show it from anywhere: what
	// is delivered, and to whom, stays as the worker who applied has said.
	in.file.Consent.Agencies, in.file.Consent.Shares = record.File.Consent.Agencies, record.File.Consent.Shares
	record.OfferID, record.File = in.file.offerID(), in.file
	if record.File.Facts, err = d.factsOf(record.File); err != nil {
		return err
	}
	evaluation, err := d.Rules.Evaluate(record.File.Facts, d.mode())
	if err != nil {
		return err
	}
	if err := record.Case.Renew(evaluation, d.Clock.Now()); err != nil {
		return err
	}
	capability, err := d.newSecret()
	if err != nil {
		return err
	}
	fresh, err = d.Store.AddPresentation(ctx, tx, record, Presentation{CapabilityHash: hashCapability(capability), Document: in.document})
	if err != nil {
		return err
	}
	if !fresh {
		return usedOffer()
	}
	told, err := d.presentedAnew(ctx, tx, record, was)
	if err != nil {
		return err
	}
	if err := d.save(ctx, tx, record, told...); err != nil {
		return err
	}
	d.wantAutomatic(tx, record)
	url, err := d.Store.PaymentURL(ctx, tx, caseRef)
	if err != nil || record.Case.State() != casefile.FeeDue {
		url = ""
	}
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	return d.acknowledge(ctx, tx, in.session, caseRef, capability, url)
}

// presentedAnew tells of a new offer in a case, and stops one that was granted.
func (d *Desk) presentedAnew(ctx context.Context, tx *sqldb.Tx, record Record, was casefile.State) ([]*eventbus.Event, error) {
	event, err := d.Outbox.Append(ctx, tx, events.Happened{
		Type: "application.submitted", Case: record.Case.ID(), TimeClass: eventbus.Candidate, Data: map[string]any{"offer_id": record.OfferID},
	})
	if err != nil || was != casefile.Granted {
		return []*eventbus.Event{event}, err
	}
	stopped, err := d.stop(ctx, tx, record, casefile.CauseOfferSuperseded)
	return []*eventbus.Event{event, stopped}, err
}
