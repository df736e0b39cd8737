package appointment

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const (
	// SlotLength is how long a visit takes.
	SlotLength = 20 * time.Minute
	opens      = 9 * time.Hour
	closes     = 15 * time.Hour
	// horizon is how many days ahead an office takes bookings.
	horizon = 90
)

// Slot is a visit's time at an office.
type Slot struct{ Start, End time.Time }

// Diary says how full slots are.
type Diary struct {
	// Location is Europe/Oslo.
	Location *time.Location
	// Capacity is how many visits one slot takes.
	Capacity int
	// Taken is how many visits a slot that starts then already has.
	Taken func(start time.Time) int
}

// NextFree is the first slot that starts after the given time and has room:
// weekdays from 09:00, the last until 15:00, local time, in 90 days. Public
// holidays count as weekdays.
//
// Another booking may take the slot meanwhile: the caller's row decides, and asks
// again. Rule: appointment.no-free-slot (Unavailable).
func (d Diary) NextFree(after time.Time) (Slot, error) {
	local := after.In(d.Location)
	for ahead := range horizon + 1 {
		year, month, day := local.Date()
		for at := opens; at+SlotLength <= closes; at += SlotLength {
			start := time.Date(year, month, day+ahead, 0, int(at/time.Minute), 0, 0, d.Location)
			if start.Weekday() == time.Saturday || start.Weekday() == time.Sunday {
				break
			}
			if start.After(after) && d.Taken(start) < d.Capacity {
				return Slot{Start: start, End: start.Add(SlotLength)}, nil
			}
		}
	}
	return Slot{}, fault.New(fault.Unavailable, "appointment.no-free-slot", "the office has no free time in the next 90 days")
}
