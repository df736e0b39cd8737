package queueing

import (
	"container/heap"
	"time"
)

// Agenda is what is going to happen, on a virtual clock: one thing at a time, in
// the order of time, and in the order of asking when two come at the same time.
type Agenda struct {
	now   time.Time
	asked int
	due   things
}

type thing struct {
	at    time.Time
	order int
	do    func()
}

type things []thing

func (t things) Len() int { return len(t) }
func (t things) Less(i, j int) bool {
	if !t[i].at.Equal(t[j].at) {
		return t[i].at.Before(t[j].at)
	}
	return t[i].order < t[j].order
}
func (t things) Swap(i, j int) { t[i], t[j] = t[j], t[i] }

// Push is for container/heap.
func (t *things) Push(x any) { *t = append(*t, x.(thing)) }

// Pop is for container/heap.
func (t *things) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// Now is the virtual time.
func (a *Agenda) Now() time.Time { return a.now }

// At has something done at a time, or now when that is past.
func (a *Agenda) At(at time.Time, do func()) {
	a.asked++
	heap.Push(&a.due, thing{at: later(at, a.now), order: a.asked, do: do})
}

// Run does everything until nothing is left.
func (a *Agenda) Run() {
	for len(a.due) > 0 {
		next := heap.Pop(&a.due).(thing)
		a.now = next.at
		next.do()
	}
}

// Nearest is the smallest value that at least this share of sorted values stays
// at or under (nearest rank); the zero value of none.
func Nearest[T any](sorted []T, share float64) T {
	var none T
	if len(sorted) == 0 {
		return none
	}
	rank := int(share*float64(len(sorted)) + 0.999999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
