package statuslist

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

func TestWhoAsksDuringAFlightSharesTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		var mu sync.Mutex
		began := 0
		first := make(chan bool)
		work := func(context.Context) (int, error) {
			mu.Lock()
			began++
			mine := began
			mu.Unlock()
			if mine == 1 {
				<-first
			}
			return mine, nil
		}
		answers := make(chan int, 42)
		ask := func(ctx context.Context) {
			go func() {
				n, err := f.do(ctx, "list", work)
				if err != nil {
					n = -1
				}
				answers <- n
			}()
		}
		ask(t.Context())
		synctest.Wait()
		for range 40 {
			ask(t.Context())
		}
		synctest.Wait()
		gone, cancel := context.WithCancel(t.Context())
		ask(gone)
		synctest.Wait()
		cancel()
		if got := <-answers; got != -1 {
			t.Errorf("who gave up got %d", got)
		}
		close(first)
		if got := <-answers; got != 1 {
			t.Errorf("the first got %d", got)
		}
		for range 40 {
			if got := <-answers; got != 2 {
				t.Errorf("got %d", got)
			}
		}
		if began != 2 || len(f.flying)+len(f.waiting) != 0 {
			t.Errorf("%d flights, %d and %d are left", began, len(f.flying), len(f.waiting))
		}
	})
}

func TestAFlightGoesOnForTheOthers(t *testing.T) {
	var f flights[int]
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	n, err := f.do(gone, "list", func(ctx context.Context) (int, error) { return 7, ctx.Err() })
	if n != 7 || err != nil {
		t.Error(n, err)
	}
	boom := errors.New("boom")
	if _, err := f.do(t.Context(), "list", func(context.Context) (int, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}

func TestAFlightThatPanicsLeavesNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f flights[int]
		release := make(chan bool)
		go func() {
			defer func() { _ = recover() }()
			_, _ = f.do(t.Context(), "list", func(context.Context) (int, error) { <-release; return 0, nil })
		}()
		synctest.Wait()
		failed := make(chan error, 2)
		for range 2 {
			go func() {
				defer func() {
					if recover() != nil {
						failed <- errAbandoned
					}
				}()
				_, err := f.do(t.Context(), "list", func(context.Context) (int, error) { panic("boom") })
				failed <- err
			}()
		}
		synctest.Wait()
		close(release)
		for range 2 {
			if err := <-failed; !errors.Is(err, errAbandoned) {
				t.Error(err)
			}
		}
	})
}
