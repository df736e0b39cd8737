package queueing

import "time"

// Hours are from midnight of the day.
type Hours struct{ Open, Close time.Duration }

// Calendar says when a place is open.
type Calendar struct {
	// Zone is where its clock hangs.
	Zone *time.Location
	// Week are the opening hours; a weekday that is not named is closed.
	Week map[time.Weekday]Hours
	// Closed says which days are public holidays.
	Closed func(day time.Time) bool
}

// On is when the place opens and closes on a time's day; open is false for a day
// on which it does not.
func (c Calendar) On(at time.Time) (opens, closes time.Time, open bool) {
	local := at.In(c.Zone)
	hours, named := c.Week[local.Weekday()]
	if !named || c.Closed != nil && c.Closed(local) {
		return time.Time{}, time.Time{}, false
	}
	year, month, day := local.Date()
	clock := func(d time.Duration) time.Time {
		return time.Date(year, month, day, 0, 0, 0, int(d), c.Zone)
	}
	return clock(hours.Open), clock(hours.Close), true
}

// Midnight is the beginning of the day after a number of days.
func (c Calendar) Midnight(at time.Time, days int) time.Time {
	year, month, day := at.In(c.Zone).Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, c.Zone)
}

// Working says whether a day is no Saturday, Sunday or public holiday.
func (c Calendar) Working(day time.Time) bool {
	local := day.In(c.Zone)
	if local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
		return false
	}
	return c.Closed == nil || !c.Closed(local)
}

// WorkingTime is how much of the time between two instants falls on working
// days, each from midnight to midnight: Friday noon to Monday noon is one day.
func (c Calendar) WorkingTime(from, until time.Time) time.Duration {
	var sum time.Duration
	for at := from; at.Before(until); {
		next := c.Midnight(at, 1)
		if until.Before(next) {
			next = until
		}
		if c.Working(at) {
			sum += next.Sub(at)
		}
		at = next
	}
	return sum
}

// WorkingDays is how many working days come after a day, until and with another:
// what is signed on a day and done on the same day takes none.
func (c Calendar) WorkingDays(from, until time.Time) int {
	n := 0
	for day := c.Midnight(from, 1); !day.After(until); day = c.Midnight(day, 1) {
		if c.Working(day) {
			n++
		}
	}
	return n
}
