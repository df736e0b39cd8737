package simulation

import (
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank"
	"github.com/kompetansespor/kompetansespor/services/police"
	"github.com/kompetansespor/kompetansespor/services/tax"
)

// holiday is by the police's calendar, which is the law's: Saturdays and Sundays
// are none here, because no desk opens on them.
func holiday(day time.Time) bool { return !police.WorkingDay(day) }

// agencies are the police, the tax administration and the bank with what they
// keep: diaries, numbers given out, accounts opened.
type agencies struct {
	zone   *time.Location
	police police.Figures
	taken  map[string]map[int64]int // visits by office and begin of the slot
	booked []slotBooking
	cards  int

	taxFigures tax.SimulatedFigures
	numbers    map[string]bool

	bankRules bank.DueDiligence
	list      *bank.SanctionsList
	accounts  map[string]bool
	serial    int
}

// enrolment is what the agencies know of one case.
type enrolment struct {
	validFrom, validUntil time.Time
	visitsBooked          police.Visits
	attended              int
	plastic               *police.Card
	registration          *tax.SimulatedRegistration
	account               *bank.Account
}

func openAgencies(s Staffing, zone *time.Location) (*agencies, error) {
	a := &agencies{zone: zone, taken: map[string]map[int64]int{}, numbers: map[string]bool{}, accounts: map[string]bool{}}
	var err error
	if a.police, err = police.LoadFigures(); err != nil {
		return nil, err
	}
	if err := a.check(s); err != nil {
		return nil, err
	}
	if a.taxFigures, err = tax.SimulatedFiguresNow(); err != nil {
		return nil, err
	}
	if a.bankRules, err = bank.LoadDueDiligence(); err != nil {
		return nil, err
	}
	a.list, err = listOf("Nobody Anybody Nemo", "1900")
	return a, err
}

// invariant is I1: a completed case has one number, one attended appointment and
// one account; a case that was never granted has none.
func (a *agencies) invariant(c *life, granted, completed bool) error {
	numbers, accounts := 0, 0
	if c.registration != nil {
		numbers = len(c.registration.Former())
		if _, ok := c.registration.Current(); ok {
			numbers++
		}
	}
	if c.account != nil && c.account.BBAN() != "" {
		accounts = 1
	}
	switch {
	case !granted && (numbers > 0 || c.attended > 0 || accounts > 0):
		return errors.New("I1: it was never granted, and has a number, a visit or an account")
	case completed && (numbers != 1 || c.attended != 1 || accounts != 1):
		return fmt.Errorf("I1: it is completed with %d numbers, %d attended appointments, %d accounts", numbers, c.attended, accounts)
	}
	return nil
}
