package statuslist

import (
	"context"
	"errors"
	"sync"
)

// flights lets several callers that want the same thing at the same time share
// one piece of work. Unlike with a plain single flight, nobody is given work
// that had begun before they asked: who comes while it is under way shares the
// next one. So what do returns was true at some time after do was called. The
// zero value is ready; it is safe for concurrent use.
type flights[T any] struct {
	mu sync.Mutex
	// By key: the work that is under way, and the one that waits for its end.
	// Both guarded by mu.
	flying, waiting map[string]*flight[T]
}

type flight[T any] struct {
	done  chan struct{} // closed when the rest is set
	value T
	err   error
}

var errAbandoned = errors.New("shared work was abandoned")

// do runs work, or shares it. Work goes on for the others when the caller who
// began it gives up, so that it must have a deadline of its own.
func (f *flights[T]) do(ctx context.Context, key string, work func(ctx context.Context) (T, error)) (T, error) {
	f.mu.Lock()
	if next := f.waiting[key]; next != nil {
		f.mu.Unlock()
		return next.wait(ctx)
	}
	if f.flying == nil {
		f.flying, f.waiting = map[string]*flight[T]{}, map[string]*flight[T]{}
	}
	mine := &flight[T]{done: make(chan struct{}), err: errAbandoned}
	ahead := f.flying[key]
	f.waiting[key] = mine
	f.mu.Unlock()
	if ahead != nil {
		<-ahead.done
	}

	f.mu.Lock()
	delete(f.waiting, key)
	f.flying[key] = mine
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.flying, key)
		f.mu.Unlock()
		close(mine.done)
	}()
	mine.value, mine.err = work(context.WithoutCancel(ctx))
	return mine.value, mine.err
}

func (f *flight[T]) wait(ctx context.Context) (T, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
