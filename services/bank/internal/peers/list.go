package peers

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// ListFile gives the list that stands in a file. It is read again when the file
// changes, and not more often than every Every. A file that is gone, cannot be
// read or is too old gives no list: the last good one counts for nothing, since
// nobody knows who stands on the new one.
type ListFile struct {
	Path  string
	Clock clock.Clock
	Every time.Duration

	mu      sync.Mutex // guards what follows
	list    *sanctions.List
	err     error
	stamp   stamp
	lookAt  time.Time
	hasRead bool
}

type stamp struct {
	changed time.Time
	size    int64
}

// List implements the desk's Lists.
func (f *ListFile) List(context.Context) (*sanctions.List, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.Clock.Now()
	if !f.hasRead || !now.Before(f.lookAt) {
		f.look()
		f.hasRead, f.lookAt = true, now.Add(f.Every)
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.list, f.list.Check(now)
}

// look reads the file unless it is the one that was read last.
func (f *ListFile) look() {
	info, err := os.Stat(f.Path)
	if err != nil {
		f.fail(err, "sanctions.list-missing", "the sanctions list is not where the configuration says: put it there")
		return
	}
	now := stamp{info.ModTime(), info.Size()}
	if f.err == nil && f.list != nil && now == f.stamp {
		return
	}
	if info.Size() > sanctions.MaxSize {
		f.fail(nil, "sanctions.list-size", "the sanctions list is too large to be one: look at the file")
		return
	}
	raw, err := os.ReadFile(f.Path)
	if err != nil {
		f.fail(err, "sanctions.list-missing", "the sanctions list cannot be read: look at the file")
		return
	}
	list, err := sanctions.Parse(raw)
	if err != nil {
		f.fail(err, fault.RuleOf(err), "the sanctions list is not whole: put a right one in its place")
		return
	}
	f.list, f.err, f.stamp = list, nil, now
}

func (f *ListFile) fail(cause error, rule, message string) {
	f.list, f.err = nil, fault.Wrap(cause, fault.Unavailable, rule, "%s", message)
}

// FixedList gives one list, until it is too old.
type FixedList struct {
	Parsed *sanctions.List
	Clock  clock.Clock
}

// List implements the desk's Lists.
func (f FixedList) List(context.Context) (*sanctions.List, error) {
	return f.Parsed, f.Parsed.Check(f.Clock.Now())
}
