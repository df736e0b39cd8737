package desk

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/account"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/diligence"
	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/internal/epoch"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// answers are what was asked for outside the transaction.
type answers struct {
	number     string // empty when nobody had to be asked
	kind       identifier.PersonNumberKind
	assessment *diligence.Assessment
	subject    string
}

// Open takes a granted case as far as it goes: it records how the case stands,
// asks the tax administration for the worker's identifier, does the due
// diligence, opens the account or leaves it to a clerk, gives an open one its
// holder's new number or name, and freezes it. It is called again whenever
// something that the case may wait for has come.
func (d *Desk) Open(ctx context.Context, c onboarding.Case) (onboarding.Effect, error) {
	k, err := d.know(c)
	if err != nil {
		return nil, err
	}
	found, err := d.account(ctx, d.DB.Read(), c.Ref)
	if err != nil {
		return nil, err
	}
	unnamed := found.Bank() == ""
	stopped, err := k.tell(found)
	if err != nil {
		return nil, err
	}
	if len(stopped) > 0 || unnamed && k.viewed && (found.AsksNumber() || k.lacking != nil) {
		// What must stop stops though nobody answers, and whose case it is comes
		// first: what fails from here on, its bank sees.
		return func(ctx context.Context, tx *sqldb.Tx) error {
			if err := d.Cases.Wake(ctx, tx, c.Ref); err != nil {
				return err
			}
			return d.carry(ctx, tx, k, answers{})
		}, nil
	}
	if k.lacking != nil {
		return nil, k.lacking
	}
	var got answers
	if k.viewed {
		if got, err = d.ask(ctx, k, found); err != nil {
			return nil, err
		}
	}
	return func(ctx context.Context, tx *sqldb.Tx) error {
		ctx, end := telemetry.Span(ctx, "account.Open", telemetry.Case.String(c.Ref))
		err := d.carry(ctx, tx, k, got)
		end(err)
		return err
	}, nil
}

// ask asks for the number when it is needed, and does the due diligence before
// an account is opened, and again when the customer turns out to be another. found
// is a copy to think with.
func (d *Desk) ask(ctx context.Context, k known, found *account.Account) (got answers, err error) {
	before := found.State()
	list, missing := d.Lists.List(ctx)
	if before == account.Ready && missing != nil {
		return got, missing // nothing opens, and nobody has to be asked
	}
	if found.AsksNumber() {
		if err := d.number(ctx, k, found, &got); err != nil {
			return got, err
		}
	}
	k.person.Kind = found.Kind()
	subject := d.Store.Name(subjectOf(k.person))
	if !dueFor(found, subject, list) {
		return got, nil
	}
	if missing != nil {
		return got, missing
	}
	assessment, err := d.Diligence.Assess(k.person, list, k.at, k.rules.Enhanced)
	if err != nil {
		return got, err
	}
	got.assessment, got.subject = &assessment, subject
	found.Assess(assessment, subject, k.at)
	if found.State() == account.Ready && got.number == "" {
		return got, d.number(ctx, k, found, &got) // what a clerk was to look at is gone
	}
	return got, nil
}

// dueFor says whether due diligence is to be done now: whenever an account could
// be opened, when it was done for somebody who is another now, and when there
// is another list (hvitvaskingsloven § 24). list is nil while there is none.
func dueFor(found *account.Account, subject string, list *sanctions.List) bool {
	switch found.State() {
	case account.Ready:
		return true
	case account.Queued, account.Opened, account.Frozen:
		return !found.Assessed(subject) || list != nil && list.Hash != found.Screened()
	}
	return false
}

// number asks the tax administration whose customer this is.
func (d *Desk) number(ctx context.Context, k known, found *account.Account, got *answers) (err error) {
	if got.number, err = d.Identifiers.Identifier(ctx, k.caseRef); err != nil {
		return err
	}
	customer := k.customer
	customer.Identifier = got.number
	if got.kind, err = account.Identity(customer, d.Mode, k.at); err != nil {
		return err
	}
	found.Learn(got.kind)
	return nil
}

// subjectOf is whom and what a due diligence is about.
func subjectOf(p diligence.Customer) string {
	return strings.Join([]string{
		"subject", p.GivenName, p.FamilyName, p.Birthdate.Format(time.DateOnly), strings.Join(p.Nationalities, " "), p.Residence, string(p.Kind),
	}, "\x00")
}

// carry is the effect of Open, in one transaction.
func (d *Desk) carry(ctx context.Context, tx *sqldb.Tx, k known, got answers) error {
	a, err := d.account(ctx, tx, k.caseRef)
	if err != nil {
		return err
	}
	notices, err := k.tell(a)
	if err != nil {
		return err
	}
	if got.number != "" {
		a.Learn(got.kind)
	}
	if got.assessment != nil {
		notices = append(notices, a.Assess(*got.assessment, got.subject, k.at)...)
	}
	if got.number != "" {
		told, err := d.take(ctx, tx, k, got, a)
		if err != nil {
			return err
		}
		notices = append(notices, told...)
	}
	if k.viewed && k.lacking == nil {
		a.Rename(k.holder())
		notices = append(notices, a.ShareWithEmployer(k.consent)...)
	}
	return d.settle(ctx, tx, k, a, notices)
}

// take opens the account of who may have one, or shares the one that the person
// has at the bank already, and writes down whose number it is.
func (d *Desk) take(ctx context.Context, tx *sqldb.Tx, k known, got answers, a *account.Account) ([]account.Notice, error) {
	var notices []account.Notice
	if a.State() == account.Ready && got.assessment != nil {
		root, err := d.Store.Customer(ctx, tx, a.Bank(), got.number)
		if err != nil {
			return nil, err
		}
		if notices, err = d.open(ctx, tx, k, a, root); err != nil {
			return nil, err
		}
	}
	if s := a.State(); s != account.Opened && s != account.Frozen {
		return notices, nil
	}
	root, err := d.Store.Register(ctx, tx, a.Bank(), got.number, a.Root())
	if err != nil {
		return nil, err
	}
	if root != a.Root() {
		notices = append(notices, a.Duplicate()...)
	}
	return notices, nil
}

// open opens an account, or shares the one that another case, root, has opened
// for the same person. One that was closed is followed by a new one.
func (d *Desk) open(ctx context.Context, tx *sqldb.Tx, k known, a *account.Account, root string) ([]account.Notice, error) {
	if root != "" && root != a.CaseRef() {
		other, err := d.Store.ByCase(ctx, tx, root)
		if err != nil {
			return nil, err
		}
		if other.State() != account.Closed {
			return a.Share(other, k.holder())
		}
		if err := d.Store.Succeed(ctx, tx, a.Bank(), root, a.CaseRef()); err != nil {
			return nil, err
		}
	}
	bban, err := d.freeNumber(ctx, tx, k.bank.Code)
	if err != nil {
		return nil, err
	}
	return a.Open(account.Opening{Holder: k.holder(), BBAN: bban, At: k.at})
}

// freeNumber draws an account number and goes on to the next that has a
// control digit and no owner. A sixteenth of the numbers belongs to each epoch: one
// that was handed out after the backup, and nobody here knows of, does not come
// again. A bank whose database was restored sixteen times needs another code.
func (d *Desk) freeNumber(ctx context.Context, tx *sqldb.Tx, code string) (string, error) {
	const serials, epochs = 1_000_000, 16
	current, err := epoch.Current(ctx, tx)
	if err != nil {
		return "", err
	}
	if current >= epochs {
		return "", fault.New(fault.Unavailable, "account.no-number", "the bank has been restored %d times and needs another code", current)
	}
	var random [8]byte
	if _, err := io.ReadFull(d.Random, random[:]); err != nil {
		return "", fmt.Errorf("draw account number: %w", err)
	}
	const each = serials / epochs
	first := binary.BigEndian.Uint64(random[:]) % each
	for i := range uint64(each) {
		bban, ok := identifier.NewBBAN(code, int((first+i)%each*epochs)+int(current))
		if !ok {
			continue
		}
		taken, err := d.Store.NumberTaken(ctx, tx, bban)
		if err != nil || !taken {
			return bban, err
		}
	}
	return "", fault.New(fault.Unavailable, "account.no-number", "the bank has no more account numbers")
}
