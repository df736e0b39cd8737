package virtual

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"time"
)

// trace is what happened, line by line: steps, calls, events and faults, each with
// its time in the simulated world. It has nothing of keys, so that a seed gives
// the same trace again.
type trace struct {
	hash  hash.Hash
	to    io.Writer // nil: nobody reads it
	lines int
}

func newTrace(to io.Writer) *trace { return &trace{hash: sha256.New(), to: to} }

// note writes a line.
func (t *trace) note(at time.Time, format string, args ...any) {
	t.lines++
	line := at.Format("15:04:05.000000 ") + fmt.Sprintf(format, args...) + "\n"
	_, _ = io.WriteString(t.hash, line) // a hash takes everything
	if t.to != nil {
		_, _ = io.WriteString(t.to, line) // for a person to read; the hash is what counts
	}
}

// sum is the hash of all lines so far.
func (t *trace) sum() string { return hex.EncodeToString(t.hash.Sum(nil)) }
