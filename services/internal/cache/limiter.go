package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Limiter lets a key through at most Limit times in each Window. It only
// slows abuse down: what must never happen more often is a row in the
// database.
type Limiter struct {
	cache  Cache
	clock  clock.Clock
	name   string
	limit  int64
	window time.Duration
}

// NewLimiter makes a limiter called name, such as "collect".
func NewLimiter(c Cache, clk clock.Clock, name string, limit int64, window time.Duration) *Limiter {
	return &Limiter{cache: c, clock: clk, name: name, limit: limit, window: window}
}

// Allow counts one use of key (an address, a tenant: it is hashed before it
// is stored). It returns a Throttled fault above the limit, and Unavailable
// when the cache cannot be asked: the caller decides whether that lets
// through.
func (l *Limiter) Allow(ctx context.Context, key string) error {
	window := l.clock.Now().UnixNano() / int64(l.window)
	sum := sha256.Sum256([]byte(key))
	counter := "limit:" + l.name + ":" + hex.EncodeToString(sum[:16]) + ":" + strconv.FormatInt(window, 10)
	n, err := l.cache.Increment(ctx, counter, 2*l.window)
	if err != nil {
		return err
	}
	if n > l.limit {
		return fault.New(fault.Throttled, "limit."+l.name, "too many attempts: wait a little and try again")
	}
	return nil
}
