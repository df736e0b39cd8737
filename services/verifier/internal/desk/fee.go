package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Payments is the payment provider. Its faults are Unavailable when it does not
// answer, or answers what cannot be read. Safe for concurrent use.
type Payments interface {
	// Create orders a payment. The same reference is the same payment.
	Create(ctx context.Context, o PaymentOrder) (Payment, error)
	// Status says what was paid.
	Status(ctx context.Context, id string) (casefile.Payment, error)
}

// PaymentOrder is what is to be paid.
type PaymentOrder struct {
	Reference string
	Amount    int64 // øre
	Currency  string
}

// Payment is an ordered payment.
type Payment struct {
	ID string
	// URL is the page on which it is paid.
	URL string
}

// DuePayment is a payment that is waited for.
type DuePayment struct {
	CaseRef  string
	Payment  Payment
	Attempts int64
}

// order has the fee of an application ordered before the case is opened: the
// acknowledgement tells where it is paid. The network is asked here, outside any
// transaction; asked again for the same reference it answers the same payment.
func (d *Desk) order(ctx context.Context, reference string) (casefile.Fee, Payment, error) {
	fee, err := d.Parameters.FeeOn(d.Clock.Now().In(d.Zone))
	if err != nil {
		return fee, Payment{}, err
	}
	payment, err := d.Payments.Create(ctx, PaymentOrder{Reference: reference, Amount: fee.Amount, Currency: fee.Currency})
	return fee, payment, err
}

// Looks for a payment: the first after a second, then less and less often, and
// after the longest wait once an hour.
const (
	firstLook   = time.Second
	longestLook = time.Hour
)

func nextLook(attempts int64) time.Duration {
	return min(firstLook<<min(attempts, 12), longestLook)
}

// PayStep asks the provider about the payments that are due to be looked at, and
// takes the applications whose fee is paid. One that cannot be asked about is
// looked at later and stops no other.
func (d *Desk) PayStep(ctx context.Context) (bool, error) {
	due, err := d.Store.DuePayments(ctx, d.DB.Read(), d.Clock.Now(), 32)
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, runner.Each(ctx, looksAtOnce, due, d.look)
}

// looksAtOnce is how many payments are asked about together: a slow provider
// makes nobody wait for those before.
const looksAtOnce = 8

func (d *Desk) look(ctx context.Context, one DuePayment) error {
	said, asked := d.Payments.Status(ctx, one.Payment.ID)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		record, err := d.Store.ByRef(ctx, tx, one.CaseRef)
		if err != nil {
			return err
		}
		ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "fee.Look", telemetry.Case.String(one.CaseRef))
		defer func() { end(err) }()
		if !record.Case.Undecided() {
			return d.Store.EndPayment(ctx, tx, one.CaseRef)
		}
		refused := asked
		if refused == nil {
			var paid bool
			if paid, refused = record.Case.ConfirmFee(said, d.Clock.Now()); paid {
				return d.feePaid(ctx, tx, record)
			}
		}
		telemetry.Note(ctx, telemetry.Outcome.String(fault.RuleOf(refused)))
		one := one
		one.Attempts++
		return d.Store.PutOffPayment(ctx, tx, one, d.Clock.Now().Add(nextLook(one.Attempts)))
	})
}

func (d *Desk) feePaid(ctx context.Context, tx *sqldb.Tx, record Record) error {
	event, err := d.Outbox.Append(ctx, tx, events.Happened{Type: "application.feepaid", Case: record.Case.ID(), TimeClass: eventbus.Candidate})
	if err != nil {
		return err
	}
	if err := d.Store.EndPayment(ctx, tx, record.Case.ID()); err != nil {
		return err
	}
	if err := d.save(ctx, tx, record, event); err != nil {
		return err
	}
	d.wantAutomatic(tx, record)
	return d.notify(ctx, tx, record, casefile.NoticeFeePaid, nil)
}

// LookAt has the payment of a payment id looked at soon: its payer came back
// from the provider's page. Whoever says so proves nothing, and is told nothing.
func (d *Desk) LookAt(ctx context.Context, paymentID string) error {
	waited, err := d.Store.IsPaymentDue(ctx, d.DB.Read(), paymentID)
	if err != nil || !waited {
		return err
	}
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		n, err := d.Store.HastenPayment(ctx, tx, paymentID, "", d.Clock.Now())
		if n > 0 {
			tx.OnCommit(d.payBell.Ring)
		}
		return err
	})
}

// Paid is the wallet's word that the fee of its application is paid: the
// provider is asked at once.
func (d *Desk) Paid(ctx context.Context, tx *sqldb.Tx, sender, caseRef string) error {
	if err := d.isApplicants(ctx, tx, caseRef, sender); err != nil {
		return err
	}
	_, err := d.Store.HastenPayment(ctx, tx, "", caseRef, d.Clock.Now())
	tx.OnCommit(d.payBell.Ring)
	return err
}

// isApplicants wants the sender to have presented what the case rests on, now or
// before its offer was changed. A case of somebody else's is no case.
func (d *Desk) isApplicants(ctx context.Context, q sqldb.Querier, caseRef, sender string) error {
	presented, err := d.Store.HasPresented(ctx, q, caseRef, sender)
	if err == nil && !presented {
		err = fault.New(fault.NotFound, "case.unknown", "there is no such case of yours")
	}
	return err
}

// acknowledge tells the wallet what its presentation led to.
func (d *Desk) acknowledge(ctx context.Context, tx *sqldb.Tx, session Session, caseRef, capability, paymentURL string) error {
	body := map[string]string{"status": "OK", "case_ref": caseRef, "access_capability": capability}
	if paymentURL != "" {
		body["payment_url"] = paymentURL
	}
	return d.Agent.Send(ctx, tx, d.DID, session.Theirs, didcomm.Message{
		Type: didcomm.TypePresentationAck, Thid: session.Thread, Body: object(body),
	})
}
