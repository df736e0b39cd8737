package programme

import (
	"encoding/csv"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// november is a month with cases: late says how many of them were decided late.
func november(n, late int) []Timeline {
	var all []Timeline
	for i := range n {
		steps := whole()
		if i < late {
			for k := range steps[2:] {
				steps[k+2].At = steps[k+2].At.Add(time.Duration(10+i) * time.Hour)
			}
		}
		all = append(all, Timeline{CaseRef: fmt.Sprintf("case_%d", i), Steps: steps})
	}
	return all
}

func month(t *testing.T, text string) Month {
	t.Helper()
	m, err := ParseMonth(text, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var afterwards = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

func statistics(t *testing.T, cases []Timeline, agency string) Statistics {
	t.Helper()
	s, err := StatisticsOf(cases, targets(t), month(t, "2026-11"), agency, afterwards)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rowOf(t *testing.T, s Statistics, step casefile.Milestone) Row {
	t.Helper()
	for _, r := range s.Rows {
		if r.Step == step {
			return r
		}
	}
	t.Fatalf("there is no row of %s", step)
	return Row{}
}

func TestMonthByHand(t *testing.T) {
	s := statistics(t, november(20, 6), "")
	decided := rowOf(t, s, casefile.DecisionMade)
	if decided.InTime.Cases != 14 || decided.Late.Cases != 6 || decided.All.Cases != 20 || decided.Agency != "verifier" {
		t.Errorf("%+v", decided)
	}
	for p, want := range map[int]time.Duration{50: 24 * time.Hour, 90: 37 * time.Hour, 95: 38 * time.Hour} {
		if decided.Percentiles[p] != want {
			t.Errorf("p%d is %s, want %s", p, decided.Percentiles[p], want)
		}
	}
	if _, told := decided.Percentiles[99]; told {
		t.Error("one case in a hundred is told of twenty")
	}
	if booked := rowOf(t, s, casefile.AppointmentBooked); booked.InTime.Cases != 20 || booked.Late.Cases != 0 || booked.Late.Suppressed {
		t.Errorf("%+v", booked)
	}
	if s.Totals == nil || s.Totals.Late.Cases != 6 || s.Medians[casefile.Candidate] != 2*time.Hour {
		t.Errorf("%+v %+v", s.Totals, s.Medians)
	}
}

func TestFewCasesAreNotTold(t *testing.T) {
	s := statistics(t, november(20, 3), "")
	decided := rowOf(t, s, casefile.DecisionMade)
	if !decided.Late.Suppressed || decided.Late.Cases != 0 {
		t.Errorf("three late cases are told: %+v", decided)
	}
	if told := !decided.InTime.Suppressed && !decided.All.Suppressed; told {
		t.Errorf("three late cases can be computed: %+v", decided)
	}
	if few := statistics(t, november(4, 0), ""); few.Medians != nil || !rowOf(t, few, casefile.DecisionMade).All.Suppressed || rowOf(t, few, casefile.DecisionMade).Percentiles != nil {
		t.Errorf("four cases are told: %+v", few)
	}
}

func TestAgencyAsksAndLearnsNoMore(t *testing.T) {
	all := statistics(t, november(20, 3), "")
	for _, agency := range Agencies {
		one := statistics(t, november(20, 3), agency)
		if one.Totals != nil || one.Medians != nil || len(one.Rows) == 0 {
			t.Errorf("%s: %+v", agency, one)
		}
		for _, r := range one.Rows {
			same := rowOf(t, all, r.Step)
			if r.Agency != agency || r.InTime != same.InTime || r.Late != same.Late || r.All != same.All {
				t.Errorf("%s is told %+v, everybody %+v", agency, r, same)
			}
		}
	}
	if _, err := StatisticsOf(nil, targets(t), month(t, "2026-11"), "customs", afterwards); fault.RuleOf(err) != "programme.agency" {
		t.Error(err)
	}
}

func TestMonthIsToldWhenItIsOver(t *testing.T) {
	if _, err := StatisticsOf(nil, targets(t), month(t, "2026-11"), "", afterwards.Add(-time.Microsecond)); fault.RuleOf(err) != "programme.month-not-over" {
		t.Error(err)
	}
	for _, bad := range []string{"", "2026", "2026-13", "26-11", "2026-1", "9999-12", "1999-12", "2026-11-01", "=2026-11"} {
		if _, err := ParseMonth(bad, time.UTC); fault.RuleOf(err) != "programme.month" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if m := month(t, "2026-11"); m.String() != "2026-11" || !m.Until.Equal(afterwards) {
		t.Error(m)
	}
	december := november(9, 0)
	for i := range december {
		for k := range december[i].Steps {
			december[i].Steps[k].At = december[i].Steps[k].At.AddDate(0, 1, 0)
		}
	}
	if r := rowOf(t, statistics(t, december, ""), casefile.DecisionMade); r.All.Cases != 0 || r.All.Suppressed {
		t.Errorf("December counts in November: %+v", r)
	}
}

func TestSpreadsheetTakesNoFormula(t *testing.T) {
	text, err := statistics(t, november(20, 6), "").CSV()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) < 10 || rows[0][0] != "month" {
		t.Fatal(rows, err)
	}
	found := false
	for _, r := range rows {
		if r[2] == string(casefile.DecisionMade) {
			found = r[3] == "14" && r[4] == "6" && r[5] == "20" && r[6] == "24.0000"
		}
	}
	if !found {
		t.Error(text)
	}
	for _, bad := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=x", "\n=x", "|x", "%x"} {
		if got := harmless(bad); got != "'"+bad {
			t.Errorf("%q stays %q", bad, got)
		}
	}
	s := Statistics{Rows: []Row{{Agency: "=cmd|' /C calc'!A0", Step: "-2+3"}}}
	if text, err := s.CSV(); err != nil || !strings.Contains(text, ",'=cmd|' /C calc'!A0,'-2+3,") {
		t.Error(text, err)
	}
}

// draw is a table of a few rows and columns with many small numbers.
func draw(t *rapid.T, most int64) Table {
	columns := rapid.IntRange(1, 4).Draw(t, "columns")
	var table Table
	for range rapid.IntRange(1, 5).Draw(t, "rows") {
		var row []int64
		for range columns {
			row = append(row, rapid.OneOf(rapid.Int64Range(0, 6), rapid.Int64Range(0, most)).Draw(t, "cell"))
		}
		table.Cells = append(table.Cells, row)
	}
	return table
}

// No number from fewer cases than the limit is told, and none of them follows
// from the numbers and totals that are told. The attack shares nothing with the
// code that withholds: it solves the equations.
func TestSmallNumbersCannotBeComputedFromTotals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(2, 8).Draw(t, "limit")
		table := draw(t, 60)
		hidden := table.Suppress(limit)
		numbers := table.extended()
		for at, value := range solve(numbers, hidden) {
			if n := numbers[at[0]][at[1]]; n > 0 && n < limit {
				t.Fatalf("%v is computed as %s from %v without %v", at, value, numbers, hidden)
			}
		}
		for i, row := range numbers {
			for j, n := range row {
				if n > 0 && n < limit && !hidden[i][j] {
					t.Fatalf("%d cases are told", n)
				}
			}
		}
	})
}

// solve finds the hidden numbers that the told ones determine: Gauss-Jordan over
// the sums of rows and columns.
func solve(numbers [][]int64, hidden Suppressed) map[[2]int]*big.Rat {
	rows, columns := len(numbers), len(numbers[0])
	var unknown [][2]int
	index := map[[2]int]int{}
	for i := range rows {
		for j := range columns {
			if hidden[i][j] {
				index[[2]int{i, j}] = len(unknown)
				unknown = append(unknown, [2]int{i, j})
			}
		}
	}
	var equations [][]*big.Rat
	equation := func(length int, at func(k int) [2]int) {
		e := make([]*big.Rat, len(unknown)+1)
		for k := range e {
			e[k] = new(big.Rat)
		}
		for k := range length {
			sign, c := int64(1), at(k)
			if k == length-1 {
				sign = -1
			}
			if u, ok := index[c]; ok {
				e[u].SetInt64(sign)
				continue
			}
			e[len(unknown)].Sub(e[len(unknown)], big.NewRat(sign*numbers[c[0]][c[1]], 1))
		}
		equations = append(equations, e)
	}
	for i := range rows {
		equation(columns, func(k int) [2]int { return [2]int{i, k} })
	}
	for j := range columns {
		equation(rows, func(k int) [2]int { return [2]int{k, j} })
	}
	rank := 0
	for u := range unknown {
		pivot := -1
		for r := rank; r < len(equations); r++ {
			if equations[r][u].Sign() != 0 {
				pivot = r
				break
			}
		}
		if pivot < 0 {
			continue
		}
		equations[rank], equations[pivot] = equations[pivot], equations[rank]
		inverse := new(big.Rat).Inv(equations[rank][u])
		for k := range equations[rank] {
			equations[rank][k].Mul(equations[rank][k], inverse)
		}
		for r := range equations {
			if r == rank || equations[r][u].Sign() == 0 {
				continue
			}
			factor := new(big.Rat).Set(equations[r][u])
			for k := range equations[r] {
				equations[r][k].Sub(equations[r][k], new(big.Rat).Mul(factor, equations[rank][k]))
			}
		}
		rank++
	}
	solved := map[[2]int]*big.Rat{}
	for _, e := range equations {
		only, n := 0, 0
		for u := range unknown {
			if e[u].Sign() != 0 {
				only, n = u, n+1
			}
		}
		if n == 1 {
			solved[unknown[only]] = new(big.Rat).Quo(e[len(unknown)], e[only])
		}
	}
	return solved
}

// Every table that agrees with what is told, one by one: a small number has
// another value in at least one of them, also when the reader knows that no
// withheld number is zero.
func TestSmallNumbersHaveAnotherPossibility(t *testing.T) {
	const most = 6
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Int64Range(2, 4).Draw(t, "limit")
		table := Table{Cells: [][]int64{{0, 0}, {0, 0}}}
		for i := range 2 {
			for j := range 2 {
				table.Cells[i][j] = rapid.Int64Range(0, most).Draw(t, "cell")
			}
		}
		hidden, numbers := table.Suppress(limit), table.extended()
		values := map[[2]int]map[int64]bool{}
		for a := range int64(most + 3) {
			for b := range int64(most + 3) {
				for c := range int64(most + 3) {
					for d := range int64(most + 3) {
						other := Table{Cells: [][]int64{{a, b}, {c, d}}}.extended()
						if !agrees(other, numbers, hidden) {
							continue
						}
						for i := range 3 {
							for j := range 3 {
								if values[[2]int{i, j}] == nil {
									values[[2]int{i, j}] = map[int64]bool{}
								}
								values[[2]int{i, j}][other[i][j]] = true
							}
						}
					}
				}
			}
		}
		for i, row := range numbers {
			for j, n := range row {
				if n > 0 && n < limit && len(values[[2]int{i, j}]) < 2 {
					t.Fatalf("%v without %v leaves only %d at %d, %d", numbers, hidden, n, i, j)
				}
			}
		}
	})
}

func agrees(other, numbers [][]int64, hidden Suppressed) bool {
	for i, row := range numbers {
		for j, n := range row {
			if !hidden[i][j] && other[i][j] != n || hidden[i][j] && n > 0 && other[i][j] == 0 {
				return false
			}
		}
	}
	return true
}

func TestNothingIsWithheldWithoutNeed(t *testing.T) {
	table := Table{Cells: [][]int64{{20, 30}, {40, 0}, {7, 9}}}
	for _, row := range table.Suppress(5) {
		for _, hidden := range row {
			if hidden {
				t.Errorf("something is withheld of %v", table)
			}
		}
	}
	one := Table{Cells: [][]int64{{20, 3}, {40, 50}}}.Suppress(5)
	n := 0
	for _, row := range one {
		for _, hidden := range row {
			if hidden {
				n++
			}
		}
	}
	if !one[0][1] || n != 4 {
		t.Errorf("one small number withholds %d: %v", n, one)
	}
	if got := (Table{}).Suppress(5); len(got) != 0 {
		t.Error(got)
	}
}

// Two rings of withheld numbers, joined by one: that one is in no ring, and the
// sums of one side give it away. Peeling off lines with one unknown does not find
// it.
func TestNumberBetweenTwoRingsIsWithheldWell(t *testing.T) {
	numbers := Table{Cells: [][]int64{
		{3, 3, 50, 50, 50}, {3, 3, 50, 50, 50}, {50, 3, 50, 50, 50}, {50, 50, 50, 3, 3}, {50, 50, 50, 3, 3},
	}}
	hidden := numbers.Suppress(5)
	for at := range solve(numbers.extended(), hidden) {
		if n := numbers.extended()[at[0]][at[1]]; n < 5 {
			t.Errorf("%v is computed", at)
		}
	}
}

// The overview opens with the month before, which may be from before the programme.
func TestMonthBeforeTheTargetsHasNoSteps(t *testing.T) {
	targets, err := LoadTargets()
	if err != nil {
		t.Fatal(err)
	}
	month, err := ParseMonth("2025-12", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	s, err := StatisticsOf(nil, targets, month, "", time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
	if err != nil || len(s.Rows) != 0 || s.Totals == nil || s.Totals.All.Cases != 0 {
		t.Errorf("%+v, %v", s, err)
	}
}
