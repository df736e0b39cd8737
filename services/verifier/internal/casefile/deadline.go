package casefile

import "time"

// AppealDeadline is the last instant of the day on which an appeal over a
// decision is in time: three weeks after the party was told (forvaltningsloven
// § 29), on the same day of the week, and on the next working day when that is
// none (domstolloven §§ 148 and 149, to which forvaltningsloven § 30 refers).
// told is in the location whose days count.
func (p *Parameters) AppealDeadline(told time.Time) (time.Time, error) {
	weeks, err := p.At(AppealWeeks, told)
	if err != nil {
		return time.Time{}, err
	}
	year, month, day := told.Date()
	last := time.Date(year, month, day+7*int(weeks.Value), 0, 0, 0, 0, told.Location())
	for !workingDay(last) {
		last = last.AddDate(0, 0, 1)
	}
	return last.AddDate(0, 0, 1).Add(-time.Microsecond), nil
}

// workingDay is a day that is neither Saturday, Sunday nor a public holiday (lov
// om helligdager § 2, lov om 1 og 17 mai som høgtidsdagar).
func workingDay(day time.Time) bool {
	switch day.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	year, month, date := day.Date()
	switch {
	case month == time.January && date == 1, month == time.May && (date == 1 || date == 17),
		month == time.December && (date == 25 || date == 26):
		return false
	}
	easter := easterSunday(year)
	days := int(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Sub(easter).Hours()) / 24
	switch days {
	case -3, -2, 1, 39, 50: // Maundy Thursday, Good Friday, Easter Monday, Ascension, Whit Monday
		return false
	}
	return true
}

// easterSunday is by the Gregorian computus, at midnight UTC.
func easterSunday(year int) time.Time {
	golden, century := year%19, year/100
	epact := (century - century/4 - (8*century+13)/25 + 19*golden + 15) % 30
	epact -= epact / 28 * (1 - epact/28*(29/(epact+1))*((21-golden)/11))
	weekday := (year + year/4 + epact + 2 - century + century/4) % 7
	offset := epact - weekday
	month := 3 + (offset+40)/44
	return time.Date(year, time.Month(month), offset+28-31*(month/4), 0, 0, 0, 0, time.UTC)
}
