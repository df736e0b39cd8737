package sanctions

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// List is a list that has been read whole.
type List struct {
	// Version is what its publisher calls it.
	Version string
	// Hash is the SHA-256 of the file, hexadecimal.
	Hash string
	// Issued is when it was published; NextUpdate from when on it is too old
	// to decide by.
	Issued, NextUpdate time.Time

	entries []entry
}

type entry struct {
	id     string
	kind   Kind
	names  []folded
	births []birth
}

// birth is a day, or a year when the day is not known.
type birth struct {
	day  time.Time
	year int
}

// MaxSize is how large a list may be, in bytes.
const MaxSize = 64 << 20

var columns = []string{"id", "kind", "names", "births", "source"}

// Parse reads a list: CSV (RFC 4180), UTF-8, in this form.
//
//	#version,2026-11-25
//	#issued,2026-11-25T06:00:00Z
//	#next_update,2026-11-27T06:00:00Z
//	id,kind,names,births,source
//	X-1,SANCTION,"Ivan Example; Ivan Eksempel",1970-01-31,"regulation and annex"
//	X-2,PEP,Anna Example,"1965; 1966",register
//
// names and births are separated by semicolons; a birth is a day, a year, or
// nothing at all. A list with anything wrong in it is refused whole: half a
// list would let through who stands in the other half.
//
// Rules: sanctions.list-size, -form, -header, -entry, -empty (Invalid).
func Parse(raw []byte) (*List, error) {
	if len(raw) > MaxSize {
		return nil, fault.New(fault.Invalid, "sanctions.list-size", "the list has more than %d bytes", MaxSize)
	}
	if !utf8.Valid(raw) {
		return nil, fault.New(fault.Invalid, "sanctions.list-form", "the list is not UTF-8")
	}
	sum := sha256.Sum256(raw)
	l := &List{Hash: hex.EncodeToString(sum[:])}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, []byte("\uFEFF"))))
	r.FieldsPerRecord = -1
	header, err := l.head(r)
	if err != nil {
		return nil, err
	}
	if !equalColumns(header) {
		return nil, fault.New(fault.Invalid, "sanctions.list-header", "the list's columns must be %s", strings.Join(columns, ","))
	}
	seen := map[string]bool{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "sanctions.list-form", "the list is not CSV")
		}
		line, _ := r.FieldPos(0)
		e, ok := read(row)
		if !ok || seen[e.id] {
			return nil, fault.New(fault.Invalid, "sanctions.list-entry", "line %d is no entry, or has the id of another", line)
		}
		seen[e.id] = true
		l.entries = append(l.entries, e)
	}
	if len(l.entries) == 0 {
		return nil, fault.New(fault.Invalid, "sanctions.list-empty", "the list has no entries")
	}
	return l, nil
}

// head reads the lines that begin with #, and the columns after them.
func (l *List) head(r *csv.Reader) ([]string, error) {
	for {
		row, err := r.Read()
		if err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "sanctions.list-header", "the list has no header")
		}
		if !strings.HasPrefix(row[0], "#") {
			if l.Version == "" || l.Issued.IsZero() || !l.NextUpdate.After(l.Issued) {
				return nil, fault.New(fault.Invalid, "sanctions.list-header", "the list must say its version, when it was issued, and its next update after that")
			}
			return row, nil
		}
		if len(row) < 2 {
			return nil, fault.New(fault.Invalid, "sanctions.list-header", "a line of the list's header has no value")
		}
		value := strings.TrimSpace(row[1])
		switch row[0] {
		case "#version":
			l.Version = value
		case "#issued":
			l.Issued, err = time.Parse(time.RFC3339, value)
		case "#next_update":
			l.NextUpdate, err = time.Parse(time.RFC3339, value)
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "sanctions.list-header", "%s must be a time, such as 2026-11-25T06:00:00Z", row[0][1:])
		}
	}
}

func equalColumns(row []string) bool {
	if len(row) != len(columns) {
		return false
	}
	for i, c := range columns {
		if strings.TrimSpace(row[i]) != c {
			return false
		}
	}
	return true
}

func read(row []string) (entry, bool) {
	if len(row) != len(columns) {
		return entry{}, false
	}
	e := entry{id: strings.TrimSpace(row[0]), kind: Kind(strings.TrimSpace(row[1]))}
	for _, name := range parts(row[2]) {
		folded := fold(name)
		if len(folded.words) == 0 {
			return entry{}, false
		}
		e.names = append(e.names, folded)
	}
	for _, text := range parts(row[3]) {
		b, ok := readBirth(text)
		if !ok {
			return entry{}, false
		}
		e.births = append(e.births, b)
	}
	return e, e.id != "" && (e.kind == Sanction || e.kind == PEP) && len(e.names) > 0
}

func parts(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

func readBirth(text string) (birth, bool) {
	if len(text) == 4 {
		year, err := strconv.Atoi(text)
		return birth{year: year}, err == nil && year > 1800
	}
	day, err := time.Parse(time.DateOnly, text)
	return birth{day: day, year: day.Year()}, err == nil
}

// Check refuses to decide by a list that is not there or too old: what cannot
// be checked opens nothing.
//
// Rules: sanctions.list-missing, sanctions.list-stale (Unavailable).
func (l *List) Check(now time.Time) error {
	switch {
	case l == nil:
		return fault.New(fault.Unavailable, "sanctions.list-missing", "there is no sanctions list to check by: put one where the configuration says")
	case !now.Before(l.NextUpdate):
		return fault.New(fault.Unavailable, "sanctions.list-stale", "the sanctions list is too old to check by: put a new one in its place")
	}
	return nil
}
