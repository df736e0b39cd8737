package statuslist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
)

// Cached is a Checker for verification, where nothing is decided: a list that
// was fetched a short while ago will do. It is the credential engine's
// StatusChecker, safe for concurrent use.
type Cached struct {
	checker *Checker
	cache   cache.Cache
	most    time.Duration

	fetching flights[published]
}

// Cached makes a checker that keeps lists in a cache: for as long as they may
// be kept by what they say themselves (their time to live and the end of their
// validity), and never longer than most.
func (c *Checker) Cached(store cache.Cache, most time.Duration) *Cached {
	return &Cached{checker: c, cache: store, most: most}
}

// CheckStatus is Checker.CheckStatus, by lists that may have been kept. One
// that cannot be had is Unavailable all the same, once the time of the one that
// was kept is over.
func (c *Cached) CheckStatus(ctx context.Context, of *credential.Verified) error {
	_, err := c.Look(ctx, of)
	return err
}

// Look is Checker.Look, by lists that may have been kept.
func (c *Cached) Look(ctx context.Context, of *credential.Verified) ([]status.Finding, error) {
	return look(ctx, of, c.checker.Clock.Now(), func(ctx context.Context, entry status.Entry) (published, error) {
		if list := c.kept(ctx, entry); list != nil {
			return list, nil
		}
		return c.fetching.do(ctx, listKey(entry), func(ctx context.Context) (published, error) {
			if list := c.kept(ctx, entry); list != nil {
				return list, nil
			}
			return c.fetch(ctx, entry)
		})
	})
}

// kept is a list from the cache, nil when there is none to be used. It is
// verified like one that was fetched: the cache is not trusted, and a key may
// have been cut off meanwhile.
func (c *Cached) kept(ctx context.Context, entry status.Entry) published {
	raw, found, err := c.cache.Get(ctx, cacheKey(entry))
	if err != nil || !found {
		return nil
	}
	list, err := c.checker.verify(ctx, entry, raw)
	if err != nil {
		return nil
	}
	return list
}

func (c *Cached) fetch(ctx context.Context, entry status.Entry) (published, error) {
	raw, list, err := c.checker.fetch(ctx, entry)
	if err != nil {
		return nil, err
	}
	now := c.checker.Clock.Now()
	keep := c.most
	if until := list.Until(now); !until.IsZero() {
		keep = min(keep, until.Sub(now))
	}
	if keep >= time.Millisecond {
		_ = c.cache.Set(ctx, cacheKey(entry), raw, keep) // a cache that is down costs time, nothing else
	}
	return list, nil
}

// cacheKey is a hash: the URL is the issuer's to choose.
func cacheKey(entry status.Entry) string {
	sum := sha256.Sum256([]byte(listKey(entry)))
	return "status:" + hex.EncodeToString(sum[:])
}
