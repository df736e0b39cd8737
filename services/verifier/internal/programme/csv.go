package programme

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"
)

// CSV is the month as a table (RFC 4180): what is withheld is empty, hours have
// four decimals.
func (s Statistics) CSV() (string, error) {
	var out strings.Builder
	w := csv.NewWriter(&out)
	w.UseCRLF = true
	rows := [][]string{{"month", "agency", "step", "in_time", "late", "all", "p50_hours", "p90_hours", "p95_hours", "p99_hours", "target_hours"}}
	all := s.Rows
	if s.Totals != nil {
		totals := *s.Totals
		totals.Agency = "all"
		all = append(all[:len(all):len(all)], totals)
	}
	for _, r := range all {
		row := []string{s.Month.String(), r.Agency, string(r.Step), r.InTime.text(), r.Late.text(), r.All.text()}
		for _, p := range Percents {
			took, told := r.Percentiles[p]
			row = append(row, hours(took, told))
		}
		rows = append(rows, append(row, hours(r.Target, r.Target > 0)))
	}
	for _, row := range rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := w.Write(row); err != nil {
			return "", err
		}
	}
	w.Flush()
	return out.String(), w.Error()
}

func (c Count) text() string {
	if c.Suppressed {
		return ""
	}
	return strconv.FormatInt(c.Cases, 10)
}

func hours(d time.Duration, told bool) string {
	if !told {
		return ""
	}
	return strconv.FormatFloat(d.Hours(), 'f', 4, 64)
}

// harmless is a text that no spreadsheet takes for a formula.
func harmless(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
