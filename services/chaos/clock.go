package chaos

import (
	"context"
	"syscall"
	"time"

	"github.com/kompetansespor/kompetansespor/services/cluster"
)

// skewed is the name of the fault.
const skewed = "clock-skew"

const (
	// mostOff is how far a clock goes wrong: less than what others forgive, since
	// a machine that keeps its time by the network is never further.
	mostOff = 50 * time.Second
	// offFor is how long it does.
	offFor = 5 * time.Second
)

// skewClock has one process tell another time than the others, ahead or behind,
// and after a while the right one again.
func skewClock(ctx context.Context, r *run) (string, error) {
	off := time.Duration(r.random.Int64N(2*int64(mostOff))) - mostOff
	off = off.Round(time.Second)
	name := r.one(cluster.Names(r.Layout)["service"])
	if _, err := r.startWith(ctx, name, "KOMPETANSESPOR_CLOCK_OFF="+off.String()); err != nil {
		return "", err
	}
	r.begin()
	if err := pause(ctx, offFor); err != nil {
		return "", err
	}
	return describe("clock "+off.String()+" off:", name), cluster.Signal(r.Layout, name, syscall.SIGKILL)
}
