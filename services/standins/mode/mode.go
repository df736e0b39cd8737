// Package mode makes a stand-in slow, down or wrong when it is told to, so that
// a client can be tried against what real registers do on bad days.
//
// Slow and down are the same for every register; what a wrong answer is, each
// register knows best.
package mode

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// The modes.
const (
	OK    = "ok"
	Slow  = "slow"  // every answer takes Slowness
	Down  = "down"  // every answer is 503
	Wrong = "wrong" // answers are well-formed and not about what was asked
)

// slowness is how long an answer takes in the mode slow, unless it is set.
const slowness = 2 * time.Second

// Switch holds a stand-in's mode. Its zero value is OK. Safe for concurrent use.
type Switch struct {
	// Slowness is how long an answer takes in the mode slow. Default 2 s.
	Slowness time.Duration

	mu  sync.Mutex // guards now
	now string
}

// SetMode makes the stand-in ok, slow, down or wrong. Another mode is an error.
func (s *Switch) SetMode(to string) error {
	if !slices.Contains([]string{OK, Slow, Down, Wrong}, to) {
		return fmt.Errorf("a stand-in is ok, slow, down or wrong, not %q", to)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = to
	return nil
}

// Mode is what the stand-in is now.
func (s *Switch) Mode() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == "" {
		return OK
	}
	return s.now
}

// Wrong reports whether answers are to be wrong.
func (s *Switch) Wrong() bool { return s.Mode() == Wrong }

// Serve answers with next, late or not at all as the mode says.
func (s *Switch) Serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	switch s.Mode() {
	case Slow:
		wait := s.Slowness
		if wait == 0 {
			wait = slowness
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	case Down:
		http.Error(w, "down for maintenance", http.StatusServiceUnavailable)
		return
	}
	next.ServeHTTP(w, r)
}
