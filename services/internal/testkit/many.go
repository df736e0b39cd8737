package testkit

import (
	"os"
	"strconv"
	"testing"
)

// few is how many cases a test of many has when nobody measures.
const few = 12

// Measuring reports whether somebody measures: the environment's KOMPETANSESPOR_CASES
// says how many cases there are to be.
func Measuring() bool { return os.Getenv("KOMPETANSESPOR_CASES") != "" }

// Many is how many cases a test is to store before it asks for pages: a few, or what
// KOMPETANSESPOR_CASES says.
func Many(t testing.TB) int {
	t.Helper()
	if !Measuring() {
		return few
	}
	said := os.Getenv("KOMPETANSESPOR_CASES")
	n, err := strconv.Atoi(said)
	if err != nil || n < few {
		t.Fatalf("KOMPETANSESPOR_CASES is %q: say a number of at least %d", said, few)
	}
	return n
}
