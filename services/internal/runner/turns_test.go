package runner_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/runner"
)

// turns are a database's, which two replicas share.
type turns struct {
	mu     sync.Mutex // guards what follows
	holder string
	lose   context.CancelFunc
	down   int // how many asks fail
}

// replica is one of those that take turns.
type replica struct {
	*turns
	name string
}

// Alone implements runner.Turns.
func (r replica) Alone(ctx context.Context, _ string, f func(context.Context) error) (bool, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.mu.Lock()
	if r.down > 0 {
		r.down--
		r.mu.Unlock()
		return false, errors.New("the database is away")
	}
	if r.holder != "" {
		r.mu.Unlock()
		return false, nil
	}
	r.holder, r.lose = r.name, cancel
	r.mu.Unlock()
	err := f(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.holder == r.name {
		r.holder = ""
	}
	return true, err
}

// One of two replicas does the job; when it has lost the turn the other goes on,
// soon and without both at once.
func TestReplicasDoAJobInTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		shared := &turns{down: 3}
		var done []string
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b"} {
			wg.Go(func() {
				runner.Run(ctx, quiet, runner.Job{Name: "relay", Idle: 100 * time.Millisecond, Turns: replica{shared, name}, Step: func(context.Context) (bool, error) {
					shared.mu.Lock()
					defer shared.mu.Unlock()
					if shared.holder != name {
						t.Errorf("%s works in the turn of %q", name, shared.holder)
					}
					done = append(done, name)
					return false, nil
				}})
			})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		shared.mu.Lock()
		first, before := shared.holder, len(done)
		shared.holder = "nobody yet" // the connection that held it is gone
		shared.lose()
		shared.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		shared.mu.Lock()
		if len(done) > before {
			t.Errorf("%s goes on without a turn", done[before])
		}
		shared.holder = ""
		shared.mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		shared.mu.Lock()
		if before == 0 || len(done) == before || first == "" {
			t.Errorf("%d steps before, %d after, first by %q", before, len(done)-before, first)
		}
		shared.mu.Unlock()
		cancel()
		wg.Wait()
	})
}
