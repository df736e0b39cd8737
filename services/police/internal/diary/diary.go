// Package diary knows where and when the police can meet a worker: the offices
// with their areas, opening hours and desks, all by date, the public holidays,
// and the next slot with room.
//
// It is pure: it is told how full a slot is, and keeps nothing.
package diary

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Slot is a visit's time at an office.
type Slot struct{ Start, End time.Time }

// Diary is one office's.
type Diary struct {
	Offices  Offices
	OfficeID string
	// Horizon is how many days ahead the office takes bookings.
	Horizon int
	// Capacity, above 0, stands for the office's own.
	Capacity int
	// Taken is how many visits a slot that starts then already has.
	Taken func(start time.Time) int
}

// NextFree is the first slot that starts after the given time and has room: in
// the opening hours that count on that day, on no public holiday, within the
// horizon.
//
// Another booking may take the slot meanwhile: the caller's row decides, and asks
// again. Rules: diary.office (Invalid), diary.no-free-slot (Unavailable).
func (d Diary) NextFree(after time.Time) (Slot, error) {
	free, err := d.Free(after, 1)
	if err != nil {
		return Slot{}, err
	}
	if len(free) == 0 {
		return Slot{}, fault.New(fault.Unavailable, "diary.no-free-slot", "the office has no free time in the next %d days", d.Horizon)
	}
	return free[0], nil
}

// Free are the first slots that start after the given time and have room, at
// most limit. Rule: diary.office (Invalid).
func (d Diary) Free(after time.Time, limit int) ([]Slot, error) {
	local := after.In(d.Offices.zone)
	if office, ok := d.Offices.Find(d.OfficeID, local); !ok || !office.Active {
		return nil, fault.New(fault.Invalid, "diary.office", "there is no such office that takes appointments")
	}
	var free []Slot
	year, month, date := local.Date()
	for ahead := 0; ahead <= d.Horizon && len(free) < limit; ahead++ {
		day := time.Date(year, month, date+ahead, 0, 0, 0, 0, d.Offices.zone)
		for _, slot := range d.day(day) {
			if slot.Start.After(after) && d.room(slot) && len(free) < limit {
				free = append(free, slot)
			}
		}
	}
	return free, nil
}

// day are a day's slots, full or not.
func (d Diary) day(day time.Time) []Slot {
	office, ok := d.Offices.Find(d.OfficeID, day)
	hours, open := office.Hours[day.Weekday()]
	if !ok || !office.Active || !open || Holiday(day) {
		return nil
	}
	var slots []Slot
	year, month, date := day.Date()
	for at := hours.Open; at+office.SlotLength <= hours.Close; at += office.SlotLength {
		start := time.Date(year, month, date, 0, int(at/time.Minute), 0, 0, d.Offices.zone)
		slots = append(slots, Slot{Start: start, End: start.Add(office.SlotLength)})
	}
	return slots
}

// Is reports whether a time is one of the office's slots.
func (d Diary) Is(slot Slot) bool {
	for _, one := range d.day(slot.Start.In(d.Offices.zone)) {
		if one.Start.Equal(slot.Start) && one.End.Equal(slot.End) {
			return true
		}
	}
	return false
}

// Room is how many visits a slot takes.
func (d Diary) Room(slot Slot) int {
	if d.Capacity > 0 {
		return d.Capacity
	}
	office, _ := d.Offices.Find(d.OfficeID, slot.Start)
	return office.Capacity
}

func (d Diary) room(slot Slot) bool { return d.Taken(slot.Start) < d.Room(slot) }
