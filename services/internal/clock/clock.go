// Package clock is where time comes from. Nothing else in the services calls
// time.Now, so that a virtual clock can drive everything.
package clock

import "time"

// Clock tells the time.
type Clock interface {
	Now() time.Time
}

// System is the machine's clock, in UTC.
type System struct{}

func (System) Now() time.Time { return time.Now().UTC() }

// Off is another clock, ahead or behind by some time.
type Off struct {
	Of Clock // nil: the machine's
	By time.Duration
}

func (o Off) Now() time.Time {
	if o.Of == nil {
		return System{}.Now().Add(o.By)
	}
	return o.Of.Now().Add(o.By)
}

// Fixed stands still.
type Fixed time.Time

func (f Fixed) Now() time.Time { return time.Time(f) }

// Micros is a time as the databases keep it: microseconds since 1970, UTC; 0
// for a time that has not come.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the reverse of Micros.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
