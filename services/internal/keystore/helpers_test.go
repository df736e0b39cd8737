package keystore

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
)

// memoryRows keeps locked keys as a database would.
type memoryRows struct {
	mu   sync.Mutex
	rows map[string][]byte
	gets int
}

func newMemoryRows() *memoryRows { return &memoryRows{rows: map[string][]byte{}} }

func (m *memoryRows) PutKey(_ context.Context, id string, locked []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.rows[id]; !ok {
		m.rows[id] = bytes.Clone(locked)
	}
	return nil
}

func (m *memoryRows) GetKey(_ context.Context, id string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gets++
	locked, ok := m.rows[id]
	if !ok {
		return nil, fmt.Errorf("row: %w", ErrNoKey)
	}
	return locked, nil
}

var master = bytes.Repeat([]byte("k"), MasterKeySize) // valid base64, on purpose

func open(t testing.TB, rows Rows) *Store {
	t.Helper()
	s, err := Open(t.Context(), master, rows)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
