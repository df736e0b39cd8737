package rpc

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// checkEvery is how often files are looked at for changes, at most.
const checkEvery = time.Second

// reloaded is a value read from files that is read again when they change.
type reloaded[T any] struct {
	clock clock.Clock
	paths []string
	read  func() (T, error)

	mu      sync.Mutex
	checked time.Time // guarded by mu
	stamp   string    // guarded by mu
	value   T         // guarded by mu
	err     error     // guarded by mu
}

func reload[T any](clk clock.Clock, read func() (T, error), paths ...string) (*reloaded[T], error) {
	if clk == nil {
		clk = clock.System{}
	}
	r := &reloaded[T]{clock: clk, paths: paths, read: read, checked: clk.Now(), stamp: stampOf(paths)}
	r.value, r.err = read()
	if r.err != nil {
		return nil, r.err
	}
	return r, nil
}

// get returns the value of the files as they are, at most checkEvery old.
func (r *reloaded[T]) get() (T, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	if age := now.Sub(r.checked); age >= 0 && age < checkEvery {
		return r.value, r.err
	}
	r.checked = now
	if stamp := stampOf(r.paths); stamp != r.stamp {
		r.value, r.err = r.read()
		r.stamp = stamp
	}
	return r.value, r.err
}

// stampOf tells one state of the files from another.
func stampOf(paths []string) string {
	var stamp string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			stamp += "missing;"
			continue
		}
		stamp += fmt.Sprintf("%d.%d;", info.ModTime().UnixNano(), info.Size())
	}
	return stamp
}
