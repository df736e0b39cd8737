package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/events"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Appealing is an appeal over a refusal.
type Appealing struct {
	ID      string // of the message, or made when an officer registers it
	CaseRef string
	// Sender is the wallet that appeals; empty for a written appeal that an
	// officer registers.
	Sender     string
	Grounds    string
	ReceivedAt time.Time
}

const maxGrounds = 10_000

// Appeal takes an appeal over a refusal: it is in time until the day three weeks
// after the worker was told has passed. A late one is marked, and an officer
// says what becomes of it.
//
// Rules: appeal.grounds, appeal.received (Invalid), those of casefile.Lodge.
func (d *Desk) Appeal(ctx context.Context, tx *sqldb.Tx, in Appealing) (err error) {
	if n := len([]rune(in.Grounds)); n == 0 || n > maxGrounds {
		return fault.New(fault.Invalid, "appeal.grounds", "an appeal says why, in 1 to 10,000 characters")
	}
	if in.Sender != "" {
		if err := d.isApplicants(ctx, tx, in.CaseRef, in.Sender); err != nil {
			return err
		}
	}
	record, err := d.Store.ByRef(ctx, tx, in.CaseRef)
	if err != nil {
		return err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, record.Traceparent), "case.Appeal", telemetry.Case.String(in.CaseRef))
	defer func() { end(err) }()
	decided := record.Case.Decision().At
	if in.ReceivedAt.After(d.Clock.Now()) || !decided.IsZero() && in.ReceivedAt.Before(decided) {
		return fault.New(fault.Invalid, "appeal.received", "an appeal comes after the decision, and not in the future")
	}
	deadline, err := d.Parameters.AppealDeadline(decided.In(d.Zone))
	if err != nil {
		return err
	}
	changed, err := record.Case.Lodge(in.ID, in.ReceivedAt, deadline)
	if err != nil || !changed {
		return err
	}
	if err := d.Store.AddAppeal(ctx, tx, record, in.Grounds); err != nil {
		return err
	}
	return d.appealed(ctx, tx, record, casefile.NoticeAppealLodged)
}

// RegisterAppeal is an officer's, for an appeal on paper.
func (d *Desk) RegisterAppeal(ctx context.Context, in Appealing) (Record, error) {
	id, err := d.newID("app_")
	if err != nil {
		return Record{}, err
	}
	in.ID = id
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = d.Clock.Now()
	}
	if err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Appeal(ctx, tx, in) }); err != nil {
		return Record{}, err
	}
	return d.Get(ctx, in.CaseRef)
}

// appealed saves what became of an appeal and tells of it.
func (d *Desk) appealed(ctx context.Context, tx *sqldb.Tx, record Record, notice casefile.NoticeKind) error {
	event, err := d.appealEvent(ctx, tx, record)
	if err != nil {
		return err
	}
	if err := d.notify(ctx, tx, record, notice, nil); err != nil {
		return err
	}
	return d.save(ctx, tx, record, event)
}

func (d *Desk) appealEvent(ctx context.Context, tx *sqldb.Tx, record Record) (*eventbus.Event, error) {
	class := eventbus.Human
	if record.Case.Appeal().State == casefile.AppealLodged {
		class = eventbus.Candidate
	}
	return d.Outbox.Append(ctx, tx, events.Happened{
		Type: "decision.appealed", Case: record.Case.ID(), TimeClass: class, Data: map[string]any{"state": string(record.Case.Appeal().State)},
	})
}

// AppealRuling is what an officer says of an appeal.
type AppealRuling string

// What becomes of an appeal.
const (
	RejectLate  AppealRuling = "REJECTED_LATE"
	Reverse     AppealRuling = "REVERSED"
	Forward     AppealRuling = "FORWARDED_TO_UNE"
	UNEReversed AppealRuling = "UNE_REVERSED"
	UNEUpheld   AppealRuling = "UNE_UPHELD"
)

// DecideAppeal is an officer's: the appeal is late, the refusal is reversed, or
// the case goes on to UNE; or what UNE decided is recorded. A reversal is a
// grant: everything is checked as before one.
func (d *Desk) DecideAppeal(ctx context.Context, in Deciding, ruling AppealRuling) (Record, error) {
	switch ruling {
	case Reverse:
		in.Outcome, in.Reason = casefile.Granted, ""
		return d.decide(ctx, in, func(c *casefile.Case, decision casefile.Decision) (bool, error) { return c.Reverse(decision) })
	case UNEReversed:
		return d.reverseByUNE(ctx, in)
	}
	verbs := map[AppealRuling]struct {
		do     func(c *casefile.Case, officer string, at time.Time) (bool, error)
		notice casefile.NoticeKind
	}{
		RejectLate: {(*casefile.Case).RejectLate, casefile.NoticeAppealLate},
		Forward:    {(*casefile.Case).Forward, casefile.NoticeAppealForward},
		UNEUpheld:  {(*casefile.Case).Uphold, casefile.NoticeAppealUpheld},
	}
	verb, known := verbs[ruling]
	if !known {
		return Record{}, fault.New(fault.Invalid, "appeal.ruling", "an appeal is rejected as late, reversed or forwarded, and by UNE reversed or upheld")
	}
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByRef(ctx, tx, in.CaseRef)
		if err != nil {
			return err
		}
		changed, err := verb.do(record.Case, in.Officer, d.Clock.Now())
		if err != nil || !changed {
			return err
		}
		return d.appealed(ctx, tx, record, verb.notice)
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, in.CaseRef)
}

// reverseByUNE records a grant of UNE's, which binds: nothing is asked of anybody,
// and a case in whose way something stands is granted and halted.
func (d *Desk) reverseByUNE(ctx context.Context, in Deciding) (Record, error) {
	id, err := d.newID("dec_")
	if err != nil {
		return Record{}, err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		record, err := d.Store.ByRef(ctx, tx, in.CaseRef)
		if err != nil {
			return err
		}
		changed, _, err := record.Case.ReverseByUNE(casefile.Decision{ID: id, Officer: in.Officer, Outcome: casefile.Granted, At: d.Clock.Now()})
		if err != nil || !changed {
			return err
		}
		return d.rule(ctx, tx, record, Ruling{TokenHash: in.TokenHash, Note: in.Note})
	})
	if err != nil {
		return Record{}, err
	}
	return d.Get(ctx, in.CaseRef)
}
