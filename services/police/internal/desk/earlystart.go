package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/police/internal/diary"
	"github.com/kompetansespor/kompetansespor/services/police/internal/earlystart"
)

// EarlyStart is a confirmation that a worker may begin with one employer before
// the decision.
type EarlyStart struct {
	CaseRef  string
	Employer string // organisation number
	Officer  string
	At       time.Time
}

// Asked is what an officer asks and vouches for. What the view answers is not
// asked.
type Asked struct {
	CaseRef string
	By      Officer
	// HigherEducationYears are those the officer read in the diplomas. A
	// recognised education in the application counts without.
	HigherEducationYears int
	PoliceCheckDone      bool
	EmployerExcluded     bool
	AtEmbassy            bool
	SentToUDI            bool
}

// ConfirmEarlyStart lets a worker begin before the decision when every condition
// is met, and says each either way. Asking again answers the first confirmation.
// Rules: earlystart.not-met, earlystart.decided (Conflict), and those of the
// view.
func (d *Desk) ConfirmEarlyStart(ctx context.Context, in Asked) (EarlyStart, []earlystart.Condition, error) {
	if err := d.withinEarly(ctx, in); err != nil {
		return EarlyStart{}, nil, err
	}
	before, err := d.Store.EarlyStart(ctx, d.DB.Read(), in.CaseRef)
	if err == nil || fault.KindOf(err) != fault.NotFound {
		return before, nil, err
	}
	view, err := d.EarlyViews.View(ctx, in.CaseRef)
	complete := err == nil
	if err != nil && fault.KindOf(err) != fault.Conflict { // a Conflict is UDI's no
		return EarlyStart{}, nil, err
	}
	results := d.Early.Evaluate(d.facts(in, view, complete), d.Clock.Now())
	if err := earlystart.Check(results); err != nil {
		return EarlyStart{}, results, err
	}
	made := EarlyStart{CaseRef: in.CaseRef, Employer: claim(view, "employer.organisation_number"), Officer: in.By.Subject, At: d.now()}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		ctx, end := telemetry.Span(ctx, "earlystart.Confirm", telemetry.Case.String(in.CaseRef))
		defer func() { end(err) }()
		if err := d.undecided(ctx, tx, in.CaseRef); err != nil {
			return err
		}
		fresh, err := d.Store.AddEarlyStart(ctx, tx, made)
		if err != nil {
			return err
		}
		if !fresh { // somebody was faster
			made, err = d.Store.EarlyStart(ctx, tx, in.CaseRef)
			return err
		}
		return d.tell(ctx, tx, in.CaseRef, "earlystart.confirmed", eventbus.Human, map[string]any{"organisation_number": made.Employer})
	})
	return made, results, err
}

// withinEarly lets an officer at a case that will be met at the own office.
func (d *Desk) withinEarly(ctx context.Context, in Asked) error {
	if in.By.Office == "" {
		return nil
	}
	visits, err := d.Store.Visits(ctx, d.DB.Read(), in.CaseRef)
	if err != nil {
		return err
	}
	if len(visits) > 0 {
		return d.Within(ctx, in.By, Which{CaseRef: in.CaseRef}, "early-start")
	}
	view, err := d.EarlyViews.View(ctx, in.CaseRef)
	if err != nil && fault.KindOf(err) != fault.Conflict {
		return err
	}
	return d.atOffice(ctx, in.By, in.CaseRef, d.officeOf(view, d.Clock.Now()).ID, "early-start")
}

func (d *Desk) facts(in Asked, view onboarding.View, complete bool) earlystart.Facts {
	return earlystart.Facts{
		HigherEducationYears: in.HigherEducationYears,
		RecognisedLevel:      claim(view, "norwegian_level"),
		Complete:             complete,
		PoliceCheckDone:      in.PoliceCheckDone,
		EmployerExcluded:     in.EmployerExcluded,
		AtEmbassy:            in.AtEmbassy,
		SentToUDI:            in.SentToUDI,
		Employer:             claim(view, "employer.organisation_number"),
		AtSUA:                d.officeOf(view, d.Clock.Now()).Kind == diary.SUA,
	}
}

// undecided refuses a case of whose decision the police have heard.
func (d *Desk) undecided(ctx context.Context, q sqldb.Querier, caseRef string) error {
	known, err := d.Cases.Find(ctx, q, caseRef)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err == nil && known.State != onboarding.Seen {
		return fault.New(fault.Conflict, "earlystart.decided", "UDI has decided the case: there is nothing to begin early")
	}
	return err
}
