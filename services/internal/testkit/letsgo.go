package testkit

import (
	"runtime"
	"strings"
	"testing"
	"unsafe"
	"weak"
)

// LetsGo wants what remembers to keep nothing of a large text of which use gives it a
// piece, as it gets pieces of what strangers send.
func LetsGo(t testing.TB, what any, piece string, use func(piece string)) {
	t.Helper()
	text := strings.Repeat(" ", 1<<20) + piece
	rest := weak.Make(unsafe.StringData(text))
	use(text[1<<20:])
	text = ""
	runtime.GC()
	if rest.Value() != nil {
		t.Errorf("a text of a megabyte is kept for the piece %q of it", piece)
	}
	runtime.KeepAlive(what)
}
