package cache_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// backend is a cache and a way to let time pass for it.
type backend struct {
	cache.Cache
	pass func(time.Duration)
}

// began is when the tests begin.
var began = time.Unix(1_800_000_000, 0)

func memory() backend {
	clk := testkit.ClockAt(began)
	return backend{cache.NewMemory(clk, 0, 0), clk.Pass}
}

func TestMemoryKeepsTheContract(t *testing.T) {
	contract(t, func(*testing.T) backend { return memory() })
}

func TestRedisKeepsTheContract(t *testing.T) {
	server := testkit.StartRedis(t)
	var opened int
	contract(t, func(t *testing.T) backend {
		opened++
		r, err := cache.OpenRedis(server.URL, fmt.Sprintf("test%d", opened))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return backend{r, func(d time.Duration) {
			// Redis has its own clock: ask it until that much has passed.
			for end := time.Now().Add(d); time.Now().Before(end); {
				if err := r.Ready(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}}
	})
}

// contract is what every Cache keeps.
func contract(t *testing.T, open func(t *testing.T) backend) {
	ctx := t.Context()
	check := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	holds := func(t *testing.T, c cache.Cache, key, want string) {
		t.Helper()
		value, found, err := c.Get(ctx, key)
		check(t, err)
		if !found || string(value) != want {
			t.Fatalf("%s holds %q (%v), want %q", key, value, found, want)
		}
	}
	lacks := func(t *testing.T, c cache.Cache, key string) {
		t.Helper()
		if value, found, err := c.Get(ctx, key); found || value != nil || err != nil {
			t.Fatalf("%s holds %q (%v, %v), want nothing", key, value, found, err)
		}
	}
	t.Run("value is kept until deleted", func(t *testing.T) {
		c := open(t)
		lacks(t, c, "k")
		for _, value := range []string{"v", "", "42", "=", "\x00\xff\r\n"} {
			check(t, c.Set(ctx, "k", []byte(value), time.Minute))
			holds(t, c, "k", value)
		}
		check(t, c.Delete(ctx, "k"))
		lacks(t, c, "k")
		check(t, c.Delete(ctx, "k"))
	})
	t.Run("value expires", func(t *testing.T) {
		c := open(t)
		check(t, c.Set(ctx, "short", []byte("v"), 20*time.Millisecond))
		check(t, c.Set(ctx, "renewed", []byte("v"), 20*time.Millisecond))
		check(t, c.Set(ctx, "renewed", []byte("w"), time.Minute))
		c.pass(40 * time.Millisecond)
		lacks(t, c, "short")
		holds(t, c, "renewed", "w")
	})
	t.Run("counter counts", func(t *testing.T) {
		c := open(t)
		for want := int64(1); want <= 3; want++ {
			n, err := c.Increment(ctx, "n", time.Minute)
			check(t, err)
			if n != want {
				t.Fatalf("counted %d, want %d", n, want)
			}
		}
		holds(t, c, "n", "3")
	})
	t.Run("counter expires, and counting does not prolong", func(t *testing.T) {
		c := open(t)
		const ttl = 50 * time.Millisecond
		var key string
		for n := int64(0); n != 2; { // again when the machine stalled in between
			key += "n"
			_, err := c.Increment(ctx, key, ttl)
			check(t, err)
			n, err = c.Increment(ctx, key, time.Hour)
			check(t, err)
		}
		c.pass(2 * ttl)
		lacks(t, c, key)
		if n, err := c.Increment(ctx, key, time.Minute); err != nil || n != 1 {
			t.Fatalf("after expiry: %d, %v", n, err)
		}
	})
	t.Run("value is no counter", func(t *testing.T) {
		c := open(t)
		for _, value := range []string{"text", "7"} {
			check(t, c.Set(ctx, "k", []byte(value), time.Minute))
			if _, err := c.Increment(ctx, "k", time.Minute); fault.RuleOf(err) != "cache.not-a-counter" {
				t.Fatalf("counting %q: %v", value, err)
			}
			holds(t, c, "k", value)
		}
	})
	t.Run("counter gives way to a value", func(t *testing.T) {
		c := open(t)
		_, err := c.Increment(ctx, "k", time.Minute)
		check(t, err)
		check(t, c.Set(ctx, "k", []byte("v"), time.Minute))
		holds(t, c, "k", "v")
	})
	t.Run("counting is atomic", func(t *testing.T) {
		c := open(t)
		var wg sync.WaitGroup
		var seen sync.Map
		for range 8 {
			wg.Go(func() {
				for range 25 {
					n, err := c.Increment(ctx, "n", time.Minute)
					if err != nil {
						t.Error(err)
					}
					if _, twice := seen.LoadOrStore(n, true); twice {
						t.Errorf("%d was given twice", n)
					}
				}
			})
		}
		wg.Wait()
		holds(t, c, "n", "200")
	})
	t.Run("value is a copy", func(t *testing.T) {
		c := open(t)
		value := []byte("abc")
		check(t, c.Set(ctx, "k", value, time.Minute))
		value[0] = 'x'
		got, _, err := c.Get(ctx, "k")
		check(t, err)
		got[1] = 'y'
		holds(t, c, "k", "abc")
	})
	t.Run("what no cache takes", func(t *testing.T) {
		c := open(t)
		long := strings.Repeat("k", cache.MaxKey+1)
		_, _, get := c.Get(ctx, "")
		_, increment := c.Increment(ctx, "n", 0)
		for name, err := range map[string]error{
			"empty key": get, "long key": c.Set(ctx, long, nil, time.Minute), "no time": c.Set(ctx, "k", nil, 0),
			"large value": c.Set(ctx, "k", make([]byte, cache.MaxValue+1), time.Minute),
			"delete":      c.Delete(ctx, long), "count without time": increment,
		} {
			if fault.KindOf(err) != fault.Invalid || err == nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	t.Run("limit", func(t *testing.T) {
		c := open(t)
		clk := testkit.ClockAt(began)
		limit := cache.NewLimiter(c, clk, "collect", 3, time.Minute)
		for i := range 3 {
			if err := limit.Allow(ctx, "a"); err != nil {
				t.Fatalf("use %d: %v", i, err)
			}
		}
		if err := limit.Allow(ctx, "a"); fault.KindOf(err) != fault.Throttled {
			t.Fatalf("above the limit: %v", err)
		}
		if err := limit.Allow(ctx, "b"); err != nil {
			t.Fatalf("another key: %v", err)
		}
		clk.Pass(time.Minute)
		if err := limit.Allow(ctx, "a"); err != nil {
			t.Fatalf("in the next window: %v", err)
		}
	})
}

func TestMemoryDropsWhatWasUsedLongestAgo(t *testing.T) {
	ctx := t.Context()
	m := cache.NewMemory(clock.Fixed(time.Unix(0, 0)), 2, 0)
	for _, step := range []func() error{
		func() error { return m.Set(ctx, "a", []byte("a"), time.Minute) },
		func() error { return m.Set(ctx, "b", []byte("b"), time.Minute) },
		func() error { _, _, err := m.Get(ctx, "a"); return err },
		func() error { return m.Set(ctx, "c", []byte("c"), time.Minute) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, found, err := m.Get(ctx, key); found != want || err != nil {
			t.Errorf("%s: %v, %v", key, found, err)
		}
	}
}

func TestMemoryIsBoundedInBytes(t *testing.T) {
	m := cache.NewMemory(clock.Fixed(time.Unix(0, 0)), 0, 100_000)
	for i := range 100 {
		if err := m.Set(t.Context(), fmt.Sprint(i), make([]byte, 10_000), time.Minute); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	for i := range 100 {
		if _, found, _ := m.Get(t.Context(), fmt.Sprint(i)); found {
			kept++
		}
	}
	if kept < 5 || kept > 9 {
		t.Errorf("%d of 100 values are kept", kept)
	}
}

func TestRedisThatIsGoneIsSaidSo(t *testing.T) {
	server := testkit.StartRedis(t)
	r, err := cache.OpenRedis(server.URL, "tax")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Set(t.Context(), "k", nil, time.Minute); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	_, found, err := r.Get(t.Context(), "k")
	if fault.KindOf(err) != fault.Unavailable || found {
		t.Errorf("get: %v, %v", found, err)
	}
	if err := cache.NewLimiter(r, clock.System{}, "x", 1, time.Minute).Allow(t.Context(), "a"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("limit: %v", err)
	}
	if err := r.Ready(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("ready: %v", err)
	}
}

// Hostile input 59, as far as the cache goes: what was flushed is not found.
func TestFlushedSessionIsNotFound(t *testing.T) {
	server := testkit.StartRedis(t)
	r, err := cache.OpenRedis(server.URL, "verifier")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Set(t.Context(), "login:1", []byte("state"), time.Minute); err != nil {
		t.Fatal(err)
	}
	options, err := redis.ParseURL(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	operator := redis.NewClient(options)
	defer operator.Close()
	if err := operator.FlushAll(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	if _, found, err := r.Get(t.Context(), "login:1"); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}
