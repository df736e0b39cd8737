package cache

import (
	"container/list"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// Memory is a Cache in the process' own memory. When it is full it drops what
// was used longest ago.
type Memory struct {
	clock    clock.Clock
	maxItems int
	maxBytes int

	mu    sync.Mutex
	items map[string]*list.Element // guarded by mu
	used  *list.List               // of *entry, latest use first; guarded by mu
	bytes int                      // guarded by mu
}

type entry struct {
	key     string
	value   []byte
	count   int64
	counter bool
	expires time.Time
}

func (e *entry) size() int { return len(e.key) + len(e.value) + 128 }

// NewMemory makes a Memory of at most maxItems entries and about maxBytes
// bytes; zero means 100,000 and 64 MiB.
func NewMemory(clk clock.Clock, maxItems, maxBytes int) *Memory {
	if maxItems <= 0 {
		maxItems = 100_000
	}
	if maxBytes <= 0 {
		maxBytes = 64 << 20
	}
	return &Memory{clock: clk, maxItems: maxItems, maxBytes: maxBytes,
		items: map[string]*list.Element{}, used: list.New()}
}

// Get implements Cache.
func (m *Memory) Get(_ context.Context, key string) ([]byte, bool, error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(key)
	switch {
	case e == nil:
		return nil, false, nil
	case e.counter:
		return strconv.AppendInt(nil, e.count, 10), true, nil
	}
	return slices.Clone(e.value), true, nil
}

// Set implements Cache.
func (m *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	if err := checkEntry(key, value, ttl); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(m.items[key])
	m.add(&entry{key: key, value: slices.Clone(value), expires: m.clock.Now().Add(ttl)})
	return nil
}

// Delete implements Cache.
func (m *Memory) Delete(_ context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(m.items[key])
	return nil
}

// Increment implements Cache.
func (m *Memory) Increment(_ context.Context, key string, ttl time.Duration) (int64, error) {
	if err := checkEntry(key, nil, ttl); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.find(key)
	if e == nil {
		e = &entry{key: key, counter: true, expires: m.clock.Now().Add(ttl)}
		m.add(e)
	}
	if !e.counter {
		return 0, notCounter()
	}
	e.count++
	return e.count, nil
}

// find returns the living entry of key, or nil. The caller holds mu.
func (m *Memory) find(key string) *entry {
	element, ok := m.items[key]
	if !ok {
		return nil
	}
	e := element.Value.(*entry)
	if !m.clock.Now().Before(e.expires) {
		m.drop(element)
		return nil
	}
	m.used.MoveToFront(element)
	return e
}

// add puts e in and makes room. The caller holds mu.
func (m *Memory) add(e *entry) {
	m.items[e.key] = m.used.PushFront(e)
	m.bytes += e.size()
	for m.used.Len() > m.maxItems || (m.bytes > m.maxBytes && m.used.Len() > 1) {
		m.drop(m.used.Back())
	}
}

// drop takes an entry out. The caller holds mu.
func (m *Memory) drop(element *list.Element) {
	if element == nil {
		return
	}
	e := element.Value.(*entry)
	m.used.Remove(element)
	delete(m.items, e.key)
	m.bytes -= e.size()
}
