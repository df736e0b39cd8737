package offer

import (
	"strings"
	"time"
)

// isoDate is how every date leaves the form.
const isoDate = "2006-01-02"

// dateOf is t's calendar date as midnight UTC, so that dates compare as instants.
func dateOf(t time.Time) time.Time {
	year, month, day := t.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// date reads a required date as dd.mm.yyyy or ISO 8601 and rewrites it as ISO.
func (c *checking) date(field string, value *string, rule string) (time.Time, bool) {
	text := strings.TrimSpace(*value)
	if !c.required(field, text) {
		return time.Time{}, false
	}
	for _, layout := range []string{isoDate, "02.01.2006"} {
		if len(text) != len(layout) {
			continue
		}
		if date, err := time.Parse(layout, text); err == nil {
			*value = date.Format(isoDate)
			return date, true
		}
	}
	c.violate(field, rule, "a date is written dd.mm.yyyy or yyyy-mm-dd")
	return time.Time{}, false
}
