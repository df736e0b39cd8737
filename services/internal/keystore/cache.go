package keystore

import (
	"container/list"
	"sync"
)

// cache keeps the keys used last. It is safe for concurrent use.
type cache struct {
	mu    sync.Mutex // guards the fields below
	limit int
	order *list.List // of entry, used last in front
	byID  map[KeyID]*list.Element
}

type entry struct {
	id  KeyID
	key *key
}

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), byID: map[KeyID]*list.Element{}}
}

func (c *cache) get(id KeyID) (*key, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byID[id]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry).key, true
}

func (c *cache) put(id KeyID, k *key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byID[id]; ok {
		c.order.MoveToFront(e)
		return
	}
	c.byID[id] = c.order.PushFront(entry{id, k})
	if c.order.Len() > c.limit {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.byID, last.Value.(entry).id)
	}
}

// pinned holds the keys of open drafts. It is safe for concurrent use.
type pinned struct {
	mu   sync.RWMutex // guards keys
	keys map[KeyID]*key
}

func newPinned() *pinned { return &pinned{keys: map[KeyID]*key{}} }

func (p *pinned) get(id KeyID) (*key, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	k, ok := p.keys[id]
	return k, ok
}

func (p *pinned) put(id KeyID, k *key) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.keys[id] = k
}

func (p *pinned) drop(id KeyID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, id)
}
