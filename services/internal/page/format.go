package page

import (
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// Norwegian texts group digits with a space and write 01.08.2023 (Språkrådet);
// English ones here do the same with digits, and write 1 August 2023.

var months = [...]string{"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// narrow is a space that no line breaks at.
const narrow = "\u00a0"

// Number is a whole number, grouped: 634 700.
func (c *Call) Number(n int64) string { return group(n) }

func group(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(narrow)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Day is a date given as 2006-01-02, as people write it; anything else as it is.
func (c *Call) Day(iso string) string {
	day, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return c.day(day)
}

func (c *Call) day(t time.Time) string {
	if c.Lang == texts.English {
		return strconv.Itoa(t.Day()) + narrow + months[t.Month()] + narrow + strconv.Itoa(t.Year())
	}
	return t.Format("02.01.2006")
}

// Date is the date of a moment where the portal is; empty for none.
func (c *Call) Date(at *timestamppb.Timestamp) string {
	if at == nil {
		return ""
	}
	return c.day(at.AsTime().In(c.Portal.Zone))
}

// Moment is date and time of day; empty for none.
func (c *Call) Moment(at *timestamppb.Timestamp) string {
	if at == nil {
		return ""
	}
	return c.At(at.AsTime())
}

// At is date and time of day.
func (c *Call) At(t time.Time) string {
	t = t.In(c.Portal.Zone)
	return c.day(t) + narrow + c.T("format.at") + narrow + t.Format("15:04")
}

// Clock is the time of day of a moment.
func (c *Call) Clock(at *timestamppb.Timestamp) string {
	if at == nil {
		return ""
	}
	return at.AsTime().In(c.Portal.Zone).Format("15:04")
}

// Lasted is a duration in the two largest units that say something: 2 days 3
// hours, 4 minutes, 12 seconds.
func (c *Call) Lasted(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	days, hours := int(d/(24*time.Hour)), int(d/time.Hour)%24
	minutes, seconds := int(d/time.Minute)%60, int(d/time.Second)%60
	parts := []string{}
	add := func(n int, key string) {
		if n > 0 && len(parts) < 2 {
			parts = append(parts, c.N(key, n))
		}
	}
	add(days, "format.days")
	add(hours, "format.hours")
	if days == 0 {
		add(minutes, "format.minutes")
	}
	if days == 0 && hours == 0 {
		add(seconds, "format.seconds")
	}
	if len(parts) == 0 {
		return c.N("format.seconds", 0)
	}
	return strings.Join(parts, " ")
}

// Since is how long ago a moment was; empty for none.
func (c *Call) Since(at *timestamppb.Timestamp) string {
	if at == nil {
		return ""
	}
	return c.Lasted(c.Portal.Clock.Now().Sub(at.AsTime()))
}
