package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/progress"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/taxcard"
)

// FetchTaxCard orders a worker's tax card, once, and tells how far the order
// is. Rules, all Conflict: taxcard.not-set-up, taxcard.not-issued.
func (d *Desk) FetchTaxCard(ctx context.Context, tenant, offerID string) (order taxcard.Order, err error) {
	if d.TaxCards == nil || d.Identifiers == nil {
		return order, fault.New(fault.Conflict, "taxcard.not-set-up", "this service is not set up to ask the tax administration")
	}
	record, err := d.ofTenant(ctx, d.DB.Read(), tenant, offerID)
	if err != nil {
		return order, err
	}
	c, err := d.progressOf(ctx, offerID)
	if err != nil {
		return order, err
	}
	if !c.CardIssued {
		return order, fault.New(fault.Conflict, "taxcard.not-issued", "the tax administration has not issued the worker's tax card yet")
	}
	now := d.Clock.Now()
	year := now.In(d.Zone).Year()
	if start, err := time.Parse(time.DateOnly, record.Offer.Terms().Form().Employment.StartDate); err == nil {
		year = max(year, start.Year()) // nobody is paid before the first day
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		err := d.Store.AddOrder(ctx, tx, taxcard.Order{OfferID: offerID, CaseRef: c.Ref, Year: year, State: taxcard.Wanted}, now)
		if err != nil {
			return err
		}
		tx.OnCommit(d.cards.Ring)
		order, err = d.Store.Order(ctx, tx, offerID)
		return err
	})
	return order, err
}

// progressOf gives the case of an offer; Conflict when there is none yet.
func (d *Desk) progressOf(ctx context.Context, offerID string) (progress.Case, error) {
	c, err := d.CaseOf(ctx, offerID)
	if err == nil && c == nil {
		err = fault.New(fault.Conflict, "offer.no-case", "the worker has not applied with this offer yet")
	}
	if err != nil {
		return progress.Case{}, err
	}
	return *c, nil
}

// askAgain begins a finished order anew: another card was issued, or the worker
// has another number, under which it is ordered then.
func (d *Desk) askAgain(ctx context.Context, tx *sqldb.Tx, offerID string) error {
	order, err := d.Store.Order(ctx, tx, offerID)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		return err
	}
	from := order.State
	if !order.Again() {
		return nil
	}
	tx.OnCommit(d.cards.Ring)
	return d.Store.SaveOrder(ctx, tx, order, from, d.Clock.Now())
}

// How often an order is asked about: the tax administration answers within
// minutes, or after days. 1 s doubling to 15 minutes.
func cardBackOff(attempts int64) time.Duration {
	return min(time.Second<<min(attempts, 10), 15*time.Minute)
}

// TaxCardStep works on the next order that is due: places it, or asks for its
// answer.
func (d *Desk) TaxCardStep(ctx context.Context) (bool, error) {
	if d.TaxCards == nil {
		return false, nil
	}
	order, attempts, err := d.Store.NextOrder(ctx, d.DB.Read(), d.Clock.Now())
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		return false, err
	}
	ctx, end := telemetry.Span(ctx, "taxcard.Fetch", telemetry.Case.String(order.CaseRef))
	from := order.State
	err = d.advance(ctx, &order)
	end(err)
	due := d.Clock.Now().Add(cardBackOff(attempts))
	if err != nil {
		// What is refused now may be right tomorrow: a number that is assigned
		// late, a register that is down. The employer sees why.
		return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.OrderLater(ctx, tx, order.OfferID, fault.RuleOf(err), due) })
	}
	switch {
	case order.Done():
		due = time.Time{}
	case order.State == taxcard.Ordered && from == taxcard.Wanted:
		due = d.Clock.Now().Add(cardBackOff(0))
	}
	return true, d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.SaveOrder(ctx, tx, order, from, due) })
}

// advance asks whoever is next: the tax administration for the worker's number
// of now and then for the card, or for the answer.
func (d *Desk) advance(ctx context.Context, order *taxcard.Order) error {
	record, err := d.Store.ByID(ctx, d.DB.Read(), order.OfferID)
	if err != nil {
		return err
	}
	tenant, err := d.tenant(record.Tenant)
	if err != nil {
		return err
	}
	if order.State == taxcard.Ordered {
		answer, err := d.TaxCards.Answer(ctx, order.Reference)
		if err != nil {
			return err
		}
		return order.Answered(answer, tenant.OrganisationNumber, d.Clock.Now())
	}
	person, err := d.Identifiers.Identifier(ctx, order.CaseRef)
	if err != nil {
		return err
	}
	if order.Rule == "taxcard.number-replaced" && person == order.Person {
		return fault.New(fault.Unavailable, "taxcard.number-replaced", "the worker's new number is not known yet: it is asked again")
	}
	reference, err := d.TaxCards.Order(ctx, taxcard.Wish{
		Year: order.Year, Organisation: tenant.OrganisationNumber, Person: person, Contact: tenant.ContactEmail,
	})
	if err != nil {
		return err
	}
	return order.Placed(reference, person, d.Clock.Now())
}

// PayrollAccount asks the worker's bank where pay goes. Rules, Conflict:
// payroll.not-set-up, payroll.not-shared.
func (d *Desk) PayrollAccount(ctx context.Context, tenant, offerID string) (Account, error) {
	if d.Accounts == nil {
		return Account{}, fault.New(fault.Conflict, "payroll.not-set-up", "this service is not set up to ask banks")
	}
	if _, err := d.ofTenant(ctx, d.DB.Read(), tenant, offerID); err != nil {
		return Account{}, err
	}
	c, err := d.progressOf(ctx, offerID)
	if err != nil {
		return Account{}, err
	}
	if !c.AccountShared {
		return Account{}, fault.New(fault.Conflict, "payroll.not-shared", "the bank has not shared the account: it does so once the account is open and the worker has agreed")
	}
	return d.Accounts.Account(ctx, c.Ref, tenant)
}
