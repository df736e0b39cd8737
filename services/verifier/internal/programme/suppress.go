package programme

import "slices"

// Table is numbers of cases with totals of rows and columns. Cells and totals
// are what is; Suppress says which of them may be told.
type Table struct {
	// Cells has a row for each row of the table, all of the same length.
	Cells [][]int64
}

// Suppressed says of each number of a table that it is not told. It has one row
// and one column more than the cells: the last of each row is the row's total,
// the last row has the columns' totals and the total of all.
type Suppressed [][]bool

// extended are the cells with their totals.
func (t Table) extended() [][]int64 {
	if len(t.Cells) == 0 {
		return nil
	}
	columns := len(t.Cells[0])
	all := make([][]int64, len(t.Cells)+1)
	sums := make([]int64, columns+1)
	for i, row := range t.Cells {
		all[i] = append(slices.Clone(row), 0)
		for j, n := range row {
			all[i][columns] += n
			sums[j] += n
		}
		sums[columns] += all[i][columns]
	}
	all[len(t.Cells)] = sums
	return all
}

// Suppress withholds every number from fewer cases than the limit, and as many
// others as it takes that none of them can be computed from what is told. Zero is
// told: there is nobody whom it could be about.
//
// A number can be computed when no other table with the same told numbers has
// another one in its place. Which tables there are, the reader finds by moving
// cases around a ring of numbers that are not told: one more here is one less in
// the same row, one more in that column, until the ring is closed. So a number is
// safe when such a ring goes through it, in one direction at least, along which
// no number falls under one: that a withheld number is not zero, the reader
// knows.
func (t Table) Suppress(limit int64) Suppressed {
	numbers := t.extended()
	hidden := make(Suppressed, len(numbers))
	var small [][2]int
	for i, row := range numbers {
		hidden[i] = make([]bool, len(row))
		for j, n := range row {
			if n > 0 && n < limit {
				hidden[i][j] = true
				small = append(small, [2]int{i, j})
			}
		}
	}
	for {
		open := slices.IndexFunc(small, func(at [2]int) bool { return !safe(numbers, hidden, at) })
		if open < 0 {
			return hidden
		}
		hide(numbers, hidden, small[open])
	}
}

// hide withholds one more number for the sake of one that can be computed: if
// any does it alone, the smallest of those, otherwise the smallest of its row or
// column, and at last any. Totals go last, zeros after them.
func hide(numbers [][]int64, hidden Suppressed, at [2]int) {
	var told [][2]int
	for i, row := range numbers {
		for j := range row {
			if !hidden[i][j] {
				told = append(told, [2]int{i, j})
			}
		}
	}
	rank := func(c [2]int) int64 {
		n := numbers[c[0]][c[1]]
		switch {
		case n == 0:
			return 1 << 62
		case c[0] == len(numbers)-1 || c[1] == len(numbers[0])-1:
			return 1<<61 + n
		}
		return n
	}
	slices.SortStableFunc(told, func(a, b [2]int) int {
		switch ra, rb := rank(a), rank(b); {
		case ra < rb:
			return -1
		case ra > rb:
			return 1
		}
		return 0
	})
	for _, c := range told {
		hidden[c[0]][c[1]] = true
		if safe(numbers, hidden, at) {
			return
		}
		hidden[c[0]][c[1]] = false
	}
	near := slices.IndexFunc(told, func(c [2]int) bool { return c[0] == at[0] || c[1] == at[1] })
	c := told[max(near, 0)]
	hidden[c[0]][c[1]] = true
}

// safe says whether a withheld number could be another one, for all that is told.
func safe(numbers [][]int64, hidden Suppressed, at [2]int) bool {
	return shifts(numbers, hidden, at, true) || shifts(numbers, hidden, at, false)
}

// shifts says whether one case more (or fewer) in a withheld number can be made
// up for by the others. Rows and columns are the ends of the ring's links, the
// withheld numbers its links. A total counts against the rest of its line, so
// that its links go the other way.
func shifts(numbers [][]int64, hidden Suppressed, at [2]int, more bool) bool {
	rows, columns := len(numbers), len(numbers[0])
	if !more && numbers[at[0]][at[1]] <= 1 {
		return false
	}
	total := func(i, j int) bool { return (i == rows-1) != (j == columns-1) }
	// forward: a link from its row to its column adds a case where it is no total,
	// and takes one away where it is.
	allowed := func(i, j int, forward bool) bool {
		return forward != total(i, j) || numbers[i][j] > 1
	}
	from, to := rows+at[1], at[0] // of the ring, what is left after the number itself
	if more == total(at[0], at[1]) {
		from, to = at[0], rows+at[1]
	}
	seen := make([]bool, rows+columns)
	queue := []int{from}
	seen[from] = true
	for len(queue) > 0 {
		node := queue[0]
		queue = queue[1:]
		if node == to {
			return true
		}
		for k := range rows + columns {
			if seen[k] || (node < rows) == (k < rows) {
				continue
			}
			i, j, forward := node, k-rows, true
			if node >= rows {
				i, j, forward = k, node-rows, false
			}
			if !hidden[i][j] || [2]int{i, j} == at || !allowed(i, j, forward) {
				continue
			}
			seen[k] = true
			queue = append(queue, k)
		}
	}
	return false
}
