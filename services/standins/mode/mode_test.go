package mode_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/standins/mode"
)

func answer(s *mode.Switch, ctx context.Context) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	s.Serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	return w.Code
}

func TestModes(t *testing.T) {
	s := &mode.Switch{Slowness: time.Hour}
	if s.Mode() != mode.OK || answer(s, t.Context()) != http.StatusTeapot {
		t.Error("a new stand-in is ok")
	}
	for _, to := range []string{mode.Down, mode.Wrong, mode.Slow} {
		if err := s.SetMode(to); err != nil || s.Mode() != to || s.Wrong() != (to == mode.Wrong) {
			t.Fatal(to, s.Mode(), err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // whoever asks a slow one has gone
		want := map[string]int{mode.Down: http.StatusServiceUnavailable, mode.Wrong: http.StatusTeapot, mode.Slow: http.StatusOK}[to]
		if got := answer(s, ctx); got != want {
			t.Errorf("%s answers %d, want %d", to, got, want)
		}
	}
	if err := s.SetMode("sideways"); err == nil || s.Mode() != mode.Slow {
		t.Error("there is no such mode", s.Mode())
	}
	s.Slowness = time.Millisecond
	if got := answer(s, t.Context()); got != http.StatusTeapot {
		t.Errorf("slow answered %d", got)
	}
}
