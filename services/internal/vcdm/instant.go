package vcdm

import (
	"regexp"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// dateTimeStamp is the expression of VCDM 2.0, section 5.8 (XML Schema 1.1 part
// 2, section 3.4.28), for years of four digits: the date, the time unless it is
// the midnight that ends the day, and the zone.
var dateTimeStamp = regexp.MustCompile(`^([0-9]{4}-[0-9]{2}-[0-9]{2})` +
	`T(?:((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?)|24:00:00(?:\.0+)?)` +
	`(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)$`)

// Instant reads an optional member that is an XML Schema dateTimeStamp (VCDM
// 2.0, section 4.9): a date, a time and a zone, in upper case. It is in UTC, and
// zero when the member is missing. It fails with fault.Invalid and the member as
// rule; also for a time without zone, which would be UTC by section 5.8 but is
// none by section 4.9, and for years outside 1 to 9999, which XML Schema has and
// RFC 3339 has not. Fractions are cut after nanoseconds.
func Instant(doc strictjson.Value, member string) (time.Time, error) {
	value := doc.Get(member)
	if !value.Exists() {
		return time.Time{}, nil
	}
	text, _ := value.Text()
	t, ok := parseInstant(text)
	if !ok {
		return time.Time{}, invalid(member, "%s is not a date with time and time zone", member)
	}
	return t, nil
}

func parseInstant(text string) (time.Time, bool) {
	if hasForm(text, "0000-00-00T00:00:00Z") { // what nearly all have
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			return t, !t.IsZero() && t.Year() >= 1
		}
	}
	parts := dateTimeStamp.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, false
	}
	date, clock, zone := parts[1], parts[2], parts[3]
	endOfDay := time.Duration(0)
	if clock == "" {
		clock, endOfDay = "00:00:00", 24*time.Hour
	}
	t, err := time.Parse(time.RFC3339Nano, date+"T"+clock+zone)
	if err != nil {
		return time.Time{}, false
	}
	t = t.Add(endOfDay).UTC()
	return t, !t.IsZero() && 1 <= t.Year() && t.Year() <= 9999
}

// hasForm reports whether a text has digits where the form has zeros, and the
// form's own characters elsewhere.
func hasForm(text, form string) bool {
	if len(text) != len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && (text[i] < '0' || text[i] > '9') || form[i] != '0' && text[i] != form[i] {
			return false
		}
	}
	return true
}

// FormatInstant is the reverse of Instant, in UTC and whole seconds.
func FormatInstant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
