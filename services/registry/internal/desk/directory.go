package desk

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Employers gives who is accredited now, after one, by organisation number:
// those whose name has the words, or whose number begins with them.
func (d *Desk) Employers(ctx context.Context, words, after string, limit int) ([]Record, error) {
	if utf8.RuneCountInString(words) > 100 || !utf8.ValidString(words) {
		return nil, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
			{Field: "query", Rule: "request.query", Message: "ask with at most 100 characters"}})
	}
	return d.Store.Search(ctx, d.DB.Read(), words, after, d.now(), limit)
}

// Day is how an employer stood on a day.
type Day struct {
	Record  Record // the accreditation in force that day, or else the newest of then, or of now
	On      time.Time
	Periods []accreditation.Period
	AllDay  bool
	// Lists are the versions of the trust list that held on the day.
	Lists []int64
}

const maxLists = 100

// OnDay gives from the history how an employer stood on a day, yyyy-mm-dd in
// the desk's zone, today when empty. NotFound when it was never accredited.
func (d *Desk) OnDay(ctx context.Context, organisationNumber, on string) (Day, error) {
	now := d.now()
	year, month, date := now.In(d.Zone).Date()
	day := time.Date(year, month, date, 0, 0, 0, 0, d.Zone)
	if on != "" {
		asked, err := time.ParseInLocation(time.DateOnly, on, d.Zone)
		if err != nil {
			return Day{}, fault.Violated("request.invalid", "the request cannot be used as it is", []fault.Violation{
				{Field: "on", Rule: "request.date", Message: "give a day as yyyy-mm-dd"}})
		}
		day = asked
	}
	next := day.AddDate(0, 0, 1)
	records, err := d.Store.OfOrganisation(ctx, d.DB.Read(), organisationNumber)
	if err != nil {
		return Day{}, err
	}
	records = slices.DeleteFunc(records, func(r Record) bool { return r.Accreditation.ValidFrom().IsZero() })
	if len(records) == 0 {
		return Day{}, fault.New(fault.NotFound, "accreditation.unknown", "this organisation was never accredited")
	}
	out := Day{On: day, Record: records[0]}
	for _, r := range records {
		if r.Accreditation.Changes()[0].At.Before(next) {
			out.Record = r
		}
		out.Periods = append(out.Periods, r.Accreditation.InForceBetween(day, next)...)
	}
	for _, r := range records {
		if len(r.Accreditation.InForceBetween(day, next)) > 0 {
			out.Record = r
		}
	}
	out.AllDay = len(out.Periods) == 1 && out.Periods[0].From.Equal(day) && out.Periods[0].Until.Equal(next)
	out.Lists, err = d.Store.ListsBetween(ctx, d.DB.Read(), day, next, maxLists)
	return out, err
}
