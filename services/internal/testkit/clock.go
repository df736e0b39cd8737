package testkit

import (
	"sync"
	"time"
)

// Clock implements clock.Clock: it stands still until a test moves it, or moves on by
// itself whenever it is asked.
type Clock struct {
	mu   sync.Mutex // guards now
	now  time.Time
	step time.Duration
}

// ClockAt stands still at an instant.
func ClockAt(now time.Time) *Clock { return &Clock{now: now} }

// TickingFrom moves on by a millisecond whenever it is asked, so that no two answers
// are the same.
func TickingFrom(now time.Time) *Clock { return &Clock{now: now, step: time.Millisecond} }

// Now implements clock.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(c.step)
	return c.now
}

// Pass moves the clock on, or back.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
