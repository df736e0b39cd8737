package diary

import "time"

// Holiday says whether no public office is open on the day for being a public
// holiday: those of helligdagsloven (lov 24. februar 1995 nr. 12, § 2), 1 May
// and 17 May (lov 26. april 1947 nr. 1). Saturdays are none.
func Holiday(day time.Time) bool {
	year, month, date := day.Date()
	switch {
	case day.Weekday() == time.Sunday,
		month == time.January && date == 1,
		month == time.May && (date == 1 || date == 17),
		month == time.December && (date == 25 || date == 26):
		return true
	}
	easter := Easter(year)
	from := int(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Sub(easter).Hours() / 24)
	switch from {
	case -3, -2, 0, 1, // Maundy Thursday, Good Friday, Easter Sunday and Monday
		39,     // Ascension Day
		49, 50: // Whit Sunday and Monday
		return true
	}
	return false
}

// WorkingDay says whether public offices are open: Monday to Friday, holidays
// excepted.
func WorkingDay(day time.Time) bool { return day.Weekday() != time.Saturday && !Holiday(day) }

// AddWorkingDays is the day that is n working days after a day.
func AddWorkingDays(day time.Time, n int) time.Time {
	for n > 0 {
		if day = day.AddDate(0, 0, 1); WorkingDay(day) {
			n--
		}
	}
	return day
}

// Easter is Easter Sunday of a year in the Gregorian calendar, midnight UTC
// (the computus that Nature published in 1876; the names of its steps are its
// own).
func Easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	month, day := (h+l-7*m+114)/31, (h+l-7*m+114)%31+1
	return time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}
