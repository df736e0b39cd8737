package accesslog

import (
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func log(t *testing.T, n int) ([]Row, Head) {
	t.Helper()
	head, rows := Empty(), []Row(nil)
	for i := range n {
		row, err := head.Next(Entry{
			Case: "case_1", At: time.UnixMicro(int64(i)), Agency: "police", Caller: "police.internal.example",
			Purpose: "identity-control", Claims: []string{"given_name"},
		})
		if err != nil {
			t.Fatal(err)
		}
		rows, head = append(rows, row), Head{row.Position, row.Hash}
	}
	return rows, head
}

func TestWholeLogHolds(t *testing.T) {
	for _, n := range []int{0, 1, 5} {
		rows, head := log(t, n)
		if err := Verify(rows, head); err != nil {
			t.Errorf("%d rows: %v", n, err)
		}
	}
}

func TestMeddlingWithTheLogIsFound(t *testing.T) {
	for name, meddle := range map[string]func([]Row) []Row{
		"changed claim":    func(r []Row) []Row { r[2].Claims = []string{"passport.document_number"}; return r },
		"changed agency":   func(r []Row) []Row { r[2].Agency = "bank"; return r },
		"changed time":     func(r []Row) []Row { r[2].At = r[2].At.Add(time.Microsecond); return r },
		"changed last":     func(r []Row) []Row { r[4].Purpose = "x"; return r },
		"removed first":    func(r []Row) []Row { return r[1:] },
		"removed middle":   func(r []Row) []Row { return slices.Delete(r, 2, 3) },
		"removed last":     func(r []Row) []Row { return r[:4] },
		"swapped":          func(r []Row) []Row { r[1], r[2] = r[2], r[1]; return r },
		"swapped contents": func(r []Row) []Row { r[1].Entry, r[2].Entry = r[2].Entry, r[1].Entry; return r },
		"changed and sealed anew": func(r []Row) []Row {
			r[2].Agency = "bank"
			r[2].Hash, _ = r[2].sum()
			return r
		},
		"appended": func(r []Row) []Row {
			next, _ := Head{r[4].Position, r[4].Hash}.Next(r[4].Entry)
			return append(r, next)
		},
	} {
		rows, head := log(t, 5)
		if err := Verify(meddle(rows), head); fault.RuleOf(err) != "accesslog.broken" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
