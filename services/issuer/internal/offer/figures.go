package offer

import "time"

// Figures are numbers that the programme or the law sets, as they are from a
// date on. An offer keeps those of the day it was signed.
type Figures struct {
	// From is the first day, midnight UTC.
	From time.Time
	// OpenFor is how long an offer may be collected, and its credential used:
	// 90 days, as the programme's credential types have it (OfferOfEmployment,
	// validity).
	OpenFor time.Duration
	// CodeAttempts is how many wrong codes an offer bears: with 40 random bits
	// or more, five leave a guesser one chance in 2 x 10^11 at most.
	CodeAttempts int
	// WithholdWithoutCard is the percentage of pay that an employer withholds
	// from who has no tax card (skattebetalingsloven § 5-5 third paragraph).
	WithholdWithoutCard int
}

// figures are in the order of their dates.
var figures = []Figures{
	{From: time.Date(2010, 1, 1, 0, 0, 0, 0, time.UTC), OpenFor: 90 * 24 * time.Hour, CodeAttempts: 5, WithholdWithoutCard: 50},
}

// FiguresAt are the figures of an instant.
func FiguresAt(at time.Time) Figures { return figuresAt(figures, at) }

func figuresAt(all []Figures, at time.Time) Figures {
	now := all[0]
	for _, f := range all {
		if !at.Before(f.From) {
			now = f
		}
	}
	return now
}
