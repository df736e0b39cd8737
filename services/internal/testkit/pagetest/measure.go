package pagetest

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// asks is how often a page is asked for when somebody measures.
const asks = 200

// Measure asks for pages over the socket, one after another, and logs how long they
// take at the 50th, 95th and 99th of a hundred. The accessibility statement, which
// reads nothing, comes first: it is what serving a page costs by itself. When nobody
// measures (testkit.Measuring) each is asked for once. Times are told and never
// asserted.
func (b *Browser) Measure(t *testing.T, paths ...string) {
	t.Helper()
	n := 1
	if testkit.Measuring() {
		n = asks
	}
	var watch clock.System
	for _, path := range append([]string{"/accessibility"}, paths...) {
		var took []time.Duration
		for range n {
			begun := watch.Now()
			b.Get(path).Is(http.StatusOK)
			took = append(took, watch.Now().Sub(begun))
		}
		slices.Sort(took)
		at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100].Round(10 * time.Microsecond) }
		t.Logf("%-40s p50 %8s  p95 %8s  p99 %8s", path, at(50), at(95), at(99))
	}
}
