// Package accesslog is the log of who has read what of which case: a chain in
// which every row seals the rows before it. It is pure; the store keeps the
// rows, and whoever holds the last hash can tell whether any was changed,
// removed or moved.
package accesslog

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Entry is one reading: who, for what, which claims; never their values.
type Entry struct {
	Case    string
	At      time.Time // to the microsecond, UTC
	Agency  string    // the agency's name
	Caller  string    // the certificate name that it showed
	Purpose string
	Claims  []string // paths
}

// Row is an entry in its place. Positions count from 1.
type Row struct {
	Position int64
	Entry
	Previous, Hash []byte // SHA-256
}

// Head is the end of the chain.
type Head struct {
	Position int64
	Hash     []byte
}

// Empty is the head of a log without rows.
func Empty() Head { return Head{Hash: make([]byte, sha256.Size)} }

// Next is the row that follows the head.
func (h Head) Next(e Entry) (Row, error) {
	row := Row{Position: h.Position + 1, Entry: e, Previous: h.Hash}
	var err error
	row.Hash, err = row.sum()
	return row, err
}

// sum is SHA-256 over the hash of the row before and the row as canonical
// JSON (RFC 8785).
func (r Row) sum() ([]byte, error) {
	claims := make([]any, len(r.Claims))
	for i, c := range r.Claims {
		claims[i] = c
	}
	canonical, err := strictjson.Canonical(map[string]any{
		"position": r.Position, "case": r.Case, "at": r.At.UnixMicro(), "agency": r.Agency,
		"caller": r.Caller, "purpose": r.Purpose, "claims": claims,
	})
	if err != nil {
		return nil, fmt.Errorf("write access row: %w", err)
	}
	sum := sha256.Sum256(append(bytes.Clone(r.Previous), canonical...))
	return sum[:], nil
}

// Verify walks the whole log, oldest first, up to the head that is kept beside
// it. It names the first position at which the chain does not hold.
//
// Rule: accesslog.broken (Internal).
func Verify(rows []Row, head Head) error {
	end := Empty()
	for _, row := range rows {
		next, err := end.Next(row.Entry)
		if err != nil {
			return err
		}
		if row.Position != next.Position || !bytes.Equal(row.Previous, next.Previous) || !bytes.Equal(row.Hash, next.Hash) {
			return broken(next.Position)
		}
		end = Head{Position: row.Position, Hash: row.Hash}
	}
	if end.Position != head.Position || !bytes.Equal(end.Hash, head.Hash) {
		return broken(end.Position + 1)
	}
	return nil
}

func broken(position int64) error {
	return fault.New(fault.Internal, "accesslog.broken", "the access log's chain does not hold at row %d", position)
}
