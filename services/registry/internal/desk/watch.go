package desk

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// FollowRegister reads the next updates of the register's feed: who is watched
// is to be looked up at once. It does what is due and says whether there was
// anything.
func (d *Desk) FollowRegister(ctx context.Context) (busy bool, err error) {
	var pointer Pointer
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		pointer, err = d.Store.Pointer(ctx, tx, d.now())
		return err
	})
	if err != nil {
		return false, err
	}
	updates, err := d.Register.Updates(ctx, pointer)
	if err != nil || len(updates) == 0 {
		return false, err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		for _, u := range updates {
			watched, err := d.Store.Hurry(ctx, tx, u.OrganisationNumber, d.now())
			if err != nil {
				return err
			}
			if watched {
				tx.OnCommit(d.Bell.Ring)
			}
			pointer.Last = max(pointer.Last, u.Number)
		}
		return d.Store.Advance(ctx, tx, pointer.Last)
	})
	return err == nil, err
}

// lookAgain is how long a look that failed waits: others come first.
const lookAgain = time.Minute

// LookUp looks up the employer that is longest due, and suspends it when the
// register's own word is that it has ended. It does what is due and says whether
// there was anything.
func (d *Desk) LookUp(ctx context.Context) (busy bool, err error) {
	due, err := d.Store.Due(ctx, d.DB.Read(), d.now(), 1)
	if err != nil || len(due) == 0 {
		return false, err
	}
	w := due[0]
	ctx, end := telemetry.Span(ctx, "employer.LookUp")
	defer func() { end(err) }()
	entity, unanswered := d.look(ctx, w.OrganisationNumber)
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if unanswered != nil {
			return d.Store.Postpone(ctx, tx, w, d.now().Add(lookAgain))
		}
		return d.looked(ctx, tx, w, entity)
	})
	if err == nil {
		err = unanswered
	}
	return err == nil, err
}

// looked takes the register's answer of an employer that is watched.
func (d *Desk) looked(ctx context.Context, tx *sqldb.Tx, w Watched, entity accreditation.Entity) error {
	now := d.now()
	parameters := d.Figures.On(now)
	record, err := d.change(ctx, tx, w.OrganisationNumber, func(a *accreditation.Accreditation) error {
		a.Look(entity, parameters)
		ended := accreditation.Ended(entity)
		if ended == "" || a.State() != accreditation.Accredited {
			return nil
		}
		_, err := a.Suspend(accreditation.Decision{By: machine, Code: ended, Reason: accreditation.Finding{Code: ended}.Text().EN, At: now})
		return err
	})
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err != nil || over(record.Accreditation.State()) {
		return d.Store.Unwatch(ctx, tx, w.OrganisationNumber)
	}
	return d.Store.Postpone(ctx, tx, w, now.Add(parameters.RegisterAnswer))
}

func over(s accreditation.State) bool {
	return s == accreditation.Revoked || s == accreditation.Expired
}

// expiredAtOnce is how many one step ends.
const expiredAtOnce = 50

// Expire ends accreditations whose last day is over. It does what is due and
// says whether there was anything.
func (d *Desk) Expire(ctx context.Context) (busy bool, err error) {
	now := d.now()
	ended, err := d.Store.Over(ctx, d.DB.Read(), now.Truncate(24*time.Hour), expiredAtOnce)
	if err != nil {
		return false, err
	}
	for _, r := range ended {
		_, err := d.decide(ctx, r.Accreditation.OrganisationNumber(), func(a *accreditation.Accreditation) error {
			if a.ID() != r.Accreditation.ID() {
				return nil // it has applied anew meanwhile, which ended the old one
			}
			_, err := a.Expire(machine, now)
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return len(ended) > 0, nil
}
