package queueing

import (
	"math"
	"time"
)

// Span is a time that somebody worked at a desk.
type Span struct {
	From, Until time.Time
	Member      int
	Task        int
}

// Desk is people who take tasks from one queue, first in, first out. A task that
// is not done when the desk closes is taken up again by the same person when
// they are next at work.
type Desk struct {
	Name     string
	Calendar Calendar
	// Staff is how many people; the part after the point is somebody who is
	// rostered on that share of the days.
	Staff float64
	// Absence is the share of rostered days on which a person is away unplanned.
	Absence float64
	Draws   Draws

	members []member
	spans   []Span
	started []time.Time
}

type member struct {
	free  time.Time
	known map[int64]shift
}

type shift struct {
	opens, closes time.Time
	there         bool
}

// Members is how many people the desk has, part-time ones counted whole.
func (d *Desk) Members() int { return int(math.Ceil(d.Staff - 1e-9)) }

func dayNumber(day time.Time) int {
	year, month, date := day.Date()
	return int(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Rostered says whether a member is on the day's roster. Whoever is on it with
// less staff is on it with more.
func (d *Desk) Rostered(who int, day time.Time) bool {
	part := min(1, d.Staff-float64(who))
	return part > 0 && d.Draws.Happens(part, "roster "+d.Name, who, dayNumber(day.In(d.Calendar.Zone)))
}

// OnRoster is how many members the day's roster has: what is known beforehand.
func (d *Desk) OnRoster(day time.Time) int {
	if _, _, open := d.Calendar.On(day); !open {
		return 0
	}
	n := 0
	for who := range d.Members() {
		if d.Rostered(who, day) {
			n++
		}
	}
	return n
}

// shift is when a member is at work on a day.
func (d *Desk) shift(who int, day time.Time) shift {
	number := dayNumber(day.In(d.Calendar.Zone))
	m := &d.members[who]
	if s, ok := m.known[int64(number)]; ok {
		return s
	}
	var s shift
	s.opens, s.closes, s.there = d.Calendar.On(day)
	s.there = s.there && d.Rostered(who, day) && !d.Draws.Happens(d.Absence, "absence "+d.Name, who, number)
	if m.known == nil {
		m.known = map[int64]shift{}
	}
	m.known[int64(number)] = s
	return s
}

func (d *Desk) ready() {
	for len(d.members) < d.Members() {
		d.members = append(d.members, member{})
	}
}

// patience is how many days somebody is looked for who is at work.
const patience = 3660

// next is the first moment from a time on at which a member is at work.
func (d *Desk) next(who int, from time.Time) (time.Time, bool) {
	for range patience {
		s := d.shift(who, from)
		if s.there && from.Before(s.closes) {
			if from.Before(s.opens) {
				return s.opens, true
			}
			return from, true
		}
		from = d.Calendar.Midnight(from, 1)
	}
	return time.Time{}, false
}

// Visit is what became of a task at a desk.
type Visit struct {
	Start, End time.Time
	// Worked is the time that the task took of somebody; the rest from Start to
	// End the desk was closed.
	Worked time.Duration
}

// Take serves a task that arrives now. Tasks must arrive in the order of time.
// ok is false when the desk has nobody.
func (d *Desk) Take(task int, at time.Time, takes time.Duration) (v Visit, ok bool) {
	d.ready()
	who := -1
	for i := range d.members {
		if start, found := d.next(i, later(at, d.members[i].free)); found && (who < 0 || start.Before(v.Start)) {
			who, v.Start = i, start
		}
	}
	if who < 0 {
		return Visit{}, false
	}
	v.End, v.Worked = v.Start, takes
	for left := takes; left > 0; {
		from, found := d.next(who, v.End)
		if !found {
			return Visit{}, false
		}
		until := from.Add(left)
		if closes := d.shift(who, from).closes; closes.Before(until) {
			until = closes
		}
		d.spans = append(d.spans, Span{From: from, Until: until, Member: who, Task: task})
		left -= until.Sub(from)
		v.End = until
	}
	d.members[who].free = v.End
	d.started = append(d.started, v.Start)
	return v, true
}

// TakeToday serves a task that arrives now by somebody who can begin and end it
// today. ok is false when nobody can: the task leaves no trace then.
func (d *Desk) TakeToday(task int, at time.Time, takes time.Duration) (v Visit, ok bool) {
	d.ready()
	who := -1
	for i := range d.members {
		s := d.shift(i, at)
		start := later(later(at, d.members[i].free), s.opens)
		if s.there && !start.Add(takes).After(s.closes) && (who < 0 || start.Before(v.Start)) {
			who, v.Start = i, start
		}
	}
	if who < 0 {
		return Visit{}, false
	}
	v.End, v.Worked = v.Start.Add(takes), takes
	d.spans = append(d.spans, Span{From: v.Start, Until: v.End, Member: who, Task: task})
	d.members[who].free = v.End
	d.started = append(d.started, v.Start)
	return v, true
}

// Spans is who worked when, in the order in which the tasks came.
func (d *Desk) Spans() []Span { return d.spans }

// Load is how busy a desk was.
type Load struct {
	// Worked and Staffed are the hours that people worked on tasks, and those for
	// which they were at the desk.
	Worked, Staffed float64
}

// Utilisation is the share of staffed time that was worked; 0 for a desk that
// was never staffed.
func (l Load) Utilisation() float64 {
	if l.Staffed == 0 {
		return 0
	}
	return l.Worked / l.Staffed
}

// Load is how busy the desk was between two instants.
func (d *Desk) Load(from, until time.Time) Load {
	d.ready()
	var l Load
	for _, s := range d.spans {
		l.Worked += overlap(s.From, s.Until, from, until).Hours()
	}
	for day := d.Calendar.Midnight(from, 0); day.Before(until); day = d.Calendar.Midnight(day, 1) {
		for who := range d.members {
			if s := d.shift(who, day); s.there {
				l.Staffed += overlap(s.opens, s.closes, from, until).Hours()
			}
		}
	}
	return l
}

func overlap(a, b, from, until time.Time) time.Duration {
	a, b = later(a, from), earlier(b, until)
	if b.Before(a) {
		return 0
	}
	return b.Sub(a)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// Tasks is how many tasks the desk has taken.
func (d *Desk) Tasks() int { return len(d.started) }
