// Package crash names the points where a process may die in a test: just
// before and just after something becomes durable or leaves the process. In
// production nothing is armed and a point costs one atomic load.
package crash

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Point is a place in the code that a test can kill the process at.
type Point string

// The points. "Before" is before the effect is durable or visible, "after" is
// when it is, but the next step has not begun.
const (
	BeforeReceiveCommit Point = "didcomm.receive.before-commit" // an envelope is opened, not yet in the inbox
	AfterReceiveCommit  Point = "didcomm.receive.after-commit"  // in the inbox, the sender has no answer yet
	BeforeActCommit     Point = "didcomm.act.before-commit"     // a message is checked, its effect not committed
	AfterActCommit      Point = "didcomm.act.after-commit"      // its effect is committed, nothing sent yet
	BeforeSend          Point = "didcomm.send.before-post"      // an envelope is sealed, not posted
	AfterSend           Point = "didcomm.send.after-post"       // posted and accepted, not yet marked as sent
	BeforeAppendCommit  Point = "events.append.before-commit"   // an event is in the outbox, not committed with its change
	AfterAppendCommit   Point = "events.append.after-commit"    // both are committed, nobody has been told
	BeforePublish       Point = "events.publish.before"         // an event is committed, not published
	AfterPublish        Point = "events.publish.after"          // published, not yet marked
	BeforeConsumeCommit Point = "events.consume.before-commit"  // an event is handled, not committed
	AfterConsumeCommit  Point = "events.consume.after-commit"   // committed, not acknowledged
)

// Points lists every point, for tests that kill at each.
func Points() []Point {
	return []Point{
		BeforeReceiveCommit, AfterReceiveCommit, BeforeActCommit, AfterActCommit, BeforeSend, AfterSend,
		BeforeAppendCommit, AfterAppendCommit, BeforePublish, AfterPublish, BeforeConsumeCommit, AfterConsumeCommit,
	}
}

// Parse reads where a test wants the process to die: a point's name, or name#n
// for its nth passage. What would never be reached is an error.
func Parse(text string) (at Point, nth int, err error) {
	name, count, counted := strings.Cut(text, "#")
	if nth = 1; counted {
		if nth, err = strconv.Atoi(count); err != nil || nth < 1 {
			return "", 0, fmt.Errorf("%q is no passage of a crash point: count from 1", count)
		}
	}
	if !slices.Contains(Points(), Point(name)) {
		return "", 0, fmt.Errorf("there is no crash point %q", name)
	}
	return Point(name), nth, nil
}

type trap struct {
	at    Point
	after int64
	kill  func()
	seen  atomic.Int64
}

var armed atomic.Pointer[trap]

// Arm makes the nth passage of a point call kill. Only a main does this, and
// only in development; kill must not return.
func Arm(at Point, nth int, kill func()) {
	armed.Store(&trap{at: at, after: int64(nth), kill: kill})
}

// Disarm takes away what was armed.
func Disarm() { armed.Store(nil) }

// At marks a point in the code.
func At(p Point) {
	t := armed.Load()
	if t == nil || t.at != p {
		return
	}
	if t.seen.Add(1) == t.after {
		t.kill()
	}
}
