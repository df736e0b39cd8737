// Package cache is short-lived state: sessions, rate limits, resolver
// results, sooner answers. Nothing that must hold rests on it: an entry may be
// gone at any moment, and whoever misses one asks again or refuses.
package cache

import (
	"context"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const (
	// MaxKey and MaxValue are the sizes of the largest key and value, in
	// bytes.
	MaxKey   = 512
	MaxValue = 1 << 20
)

// Cache keeps values for a while. Implementations may be used from many
// goroutines. Keys are ours, never a person's data: hash what is not.
//
// Errors are faults: Invalid for a key, value or time to live that no cache
// takes, Unavailable when the store does not answer.
type Cache interface {
	// Get returns a copy of the value, or found false when there is none (it
	// was never set, has expired or was dropped).
	Get(ctx context.Context, key string) (value []byte, found bool, err error)
	// Set keeps value for ttl, which must be positive, instead of what was
	// there.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error
	// Delete drops the key. A key that is not there is no error.
	Delete(ctx context.Context, key string) error
	// Increment adds one to a counter and returns its new value. The first
	// one makes it and sets ttl, later ones leave the time to live alone. It
	// is atomic. A key that Set made is Invalid.
	Increment(ctx context.Context, key string, ttl time.Duration) (int64, error)
}

func checkKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fault.New(fault.Invalid, "cache.key", "a key must have 1 to %d bytes", MaxKey)
	}
	return nil
}

func checkEntry(key string, value []byte, ttl time.Duration) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if len(value) > MaxValue {
		return fault.New(fault.Invalid, "cache.value", "a value must have at most %d bytes", MaxValue)
	}
	if ttl < time.Millisecond {
		return fault.New(fault.Invalid, "cache.ttl", "the time to live must be at least a millisecond")
	}
	return nil
}

func notCounter() error {
	return fault.New(fault.Invalid, "cache.not-a-counter", "this key holds a value, not a counter")
}
