// Package trust asks the registry who may issue what. It asks anew each time, and
// verifies the list that it gets, unless it has verified the same a moment ago. When
// the registry does not answer, the last list counts for as long as it says that it is
// current, and not a moment longer; one whose key was cut off does not count again.
package trust

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// Client is safe for concurrent use.
type Client struct {
	Get interface {
		// GetChanged fetches, unless it is still what an entity tag names: then body
		// is nil.
		GetChanged(ctx context.Context, url, tag string, limit int64) (body []byte, now string, err error)
	}
	Keys     credential.KeyResolver
	Registry string // the registry's DID
	URL      string // where it publishes the list
	Clock    clock.Clock
	// Keep is how long a list counts after it was had without asking again, and never
	// longer than the list itself says. Zero: it is asked for each time.
	Keep time.Duration

	mu   sync.Mutex // guards the fields below
	last *trustlist.List
	text []byte    // the last list as it came
	tag  string    // its entity tag, empty when it came without
	had  time.Time // when it was asked for the last time
	seen time.Time // when it was verified the last time
}

// moment is how long a list counts without its key being asked for again.
const moment = 5 * time.Second

// Accredited finds the entity that may issue credentials of a type at an
// instant. Denied when it may not, Unavailable when nobody can tell.
func (c *Client) Accredited(ctx context.Context, issuer, credentialType string, at time.Time) (trustlist.Entity, error) {
	list, err := c.current(ctx)
	if err != nil {
		return trustlist.Entity{}, err
	}
	return list.Accredited(issuer, credentialType, at)
}

func (c *Client) current(ctx context.Context) (*trustlist.List, error) {
	now := c.Clock.Now()
	if list := c.kept(now); list != nil {
		return list, nil
	}
	text, tag, err := c.fetch(ctx)
	if err == nil {
		if list := c.known(text, now); list != nil {
			return list, nil
		}
		var list *trustlist.List
		if list, err = trustlist.Verify(ctx, c.Keys, c.Registry, text, now); err == nil {
			if c.take(list, text, tag, now) {
				return list, nil
			}
			// An older list: somebody plays it again. What we have counts, while it is
			// current, unless it was that one that somebody forged.
			kept, err := c.remembered(ctx, now, fault.New(fault.Unavailable, "trustlist.older", "the trust list is older than the one seen before"))
			if err != nil && c.take(list, text, tag, now) {
				return list, nil
			}
			return kept, err
		}
	}
	if isFinal(err) {
		c.forget(text)
		return nil, err
	}
	return c.remembered(ctx, now, err)
}

// isFinal reports whether a fault says that a list does not count, rather than that
// nobody can tell. A list that is not there may be there again soon.
func isFinal(err error) bool {
	return fault.KindOf(err).Permanent() && fault.KindOf(err) != fault.NotFound
}

// take makes a list that was verified the last one, unless it is older than that.
func (c *Client) take(list *trustlist.List, text []byte, tag string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last != nil && list.Version < c.last.Version {
		return false
	}
	c.last, c.text, c.tag, c.had, c.seen = list, text, tag, now, now
	return true
}

// forget drops the last list, if it is this text.
func (c *Client) forget(text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if bytes.Equal(c.text, text) {
		c.last, c.text, c.tag = nil, nil, ""
	}
}

// fetch asks for the list; one that has not changed since is not sent again.
func (c *Client) fetch(ctx context.Context) (text []byte, tag string, err error) {
	c.mu.Lock()
	had, before := c.text, c.tag
	c.mu.Unlock()
	text, tag, err = c.Get.GetChanged(ctx, c.URL, before, trustlist.MaxBytes)
	if err == nil && text == nil {
		text = had
	}
	return text, tag, err
}

// known is the last list when it has come again a moment after it was verified, while
// it is current.
func (c *Client) known(text []byte, now time.Time) *trustlist.List {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || !bytes.Equal(c.text, text) || !within(c.seen, now, moment) || !now.Before(c.last.NextUpdate) {
		return nil
	}
	c.had = now
	return c.last
}

// kept is the last list where it need not be asked for again yet.
func (c *Client) kept(now time.Time) *trustlist.List {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil || !within(c.had, now, c.Keep) || !now.Before(c.last.NextUpdate) {
		return nil
	}
	return c.last
}

// within reports whether now is less than so long after an instant.
func within(since, now time.Time, long time.Duration) bool {
	return !now.Before(since) && now.Sub(since) < long
}

// remembered is the last list, for want of another, while it is current and nobody says
// that its key was cut off.
func (c *Client) remembered(ctx context.Context, now time.Time, why error) (*trustlist.List, error) {
	c.mu.Lock()
	last, text, seen := c.last, c.text, c.seen
	c.mu.Unlock()
	if last == nil || !now.Before(last.NextUpdate) {
		return nil, fault.Wrap(why, fault.Unavailable, "trustlist.unreachable", "the trust list cannot be reached, so nobody knows who is accredited")
	}
	if within(seen, now, moment) {
		return last, nil
	}
	if _, err := trustlist.Verify(ctx, c.Keys, c.Registry, text, now); isFinal(err) {
		c.forget(text)
		return nil, err
	}
	return last, nil
}
