package statuslist

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"sync"
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
	verified recent
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
// have been cut off meanwhile. One that was verified a moment ago is not again.
func (c *Cached) kept(ctx context.Context, entry status.Entry) published {
	key := cacheKey(entry)
	raw, found, err := c.cache.Get(ctx, key)
	if err != nil || !found {
		return nil
	}
	now, text := c.checker.Clock.Now(), sha256.Sum256(raw)
	if list := c.verified.get(key, text, now); list != nil {
		return list
	}
	list, err := c.checker.verify(ctx, entry, raw)
	if err != nil {
		return nil
	}
	c.verified.put(key, text, now, list)
	return list
}

// recent are lists that were verified a moment ago, by what they are kept under. A
// reader of many credentials of one list would open and verify it for each.
type recent struct {
	mu    sync.Mutex // guards lists
	lists map[string]verifiedList
}

type verifiedList struct {
	text [sha256.Size]byte // of the list as it came
	at   time.Time
	list published
}

const (
	// moment is how long a list counts without its key being asked for again.
	moment = 5 * time.Second
	// mostRecent bounds the lists that are kept open, some 16 kB each.
	mostRecent = 256
)

// get gives the list that a text was, if that was verified a moment ago.
func (r *recent) get(key string, text [sha256.Size]byte, now time.Time) published {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, known := r.lists[key]
	if !known || v.text != text || now.Before(v.at) || now.Sub(v.at) >= moment {
		return nil
	}
	return v.list
}

func (r *recent) put(key string, text [sha256.Size]byte, now time.Time, list published) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.lists == nil || len(r.lists) >= mostRecent {
		r.lists = map[string]verifiedList{}
	}
	r.lists[key] = verifiedList{text, now, list}
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
