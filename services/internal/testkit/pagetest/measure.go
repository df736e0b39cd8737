package pagetest

import (
	"net/http"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// few is how many cases a test of many has when nobody measures.
const few = 12

// asks is how often a page is asked for when somebody does.
const asks = 200

// Many is how many cases a test is to store before it asks for pages: a few, or what
// the environment's KOMPETANSESPOR_CASES says.
func Many(t *testing.T) int {
	t.Helper()
	said := os.Getenv("KOMPETANSESPOR_CASES")
	if said == "" {
		return few
	}
	n, err := strconv.Atoi(said)
	if err != nil || n < few {
		t.Fatalf("KOMPETANSESPOR_CASES is %q: say a number of at least %d", said, few)
	}
	return n
}

// Measure asks for pages over the socket, one after another, and logs how long they
// take at the 50th, 95th and 99th of a hundred. The accessibility statement, which
// reads nothing, comes first: it is what serving a page costs by itself. When nobody
// measures (see Many) each is asked for once. Times are told and never asserted.
func (b *Browser) Measure(t *testing.T, paths ...string) {
	t.Helper()
	n := 1
	if os.Getenv("KOMPETANSESPOR_CASES") != "" {
		n = asks
	}
	for _, path := range append([]string{"/accessibility"}, paths...) {
		var took []time.Duration
		for range n {
			begun := time.Now()
			b.Get(path).Is(http.StatusOK)
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		at := func(percent int) time.Duration { return took[(len(took)-1)*percent/100].Round(10 * time.Microsecond) }
		t.Logf("%-40s p50 %8s  p95 %8s  p99 %8s", path, at(50), at(95), at(99))
	}
}
