package batch

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
)

// Reported is a line as the report has it.
type Reported struct {
	Line
	Name   string // of the worker
	Number string // of the offer
	Code   string // while nobody has collected
	Stands string // where the offer stands
}

// Report writes a batch as CSV for a spreadsheet: UTF-8 with a byte order mark,
// semicolons. No cell is a formula.
func Report(lines []Reported) ([]byte, error) {
	var b bytes.Buffer
	b.Write(byteOrderMark)
	w := csv.NewWriter(&b)
	w.Comma = ';'
	w.UseCRLF = true
	rows := [][]string{{"line", "name", "state", "offer_number", "collection_code", "offer_state", "rule", "message"}}
	for _, l := range lines {
		rows = append(rows, []string{strconv.Itoa(l.Line.Number), l.Name, string(l.State), l.Number, l.Code, l.Stands, l.Rule, l.Message})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = harmless(row[i])
		}
		if err := w.Write(row); err != nil {
			return nil, fmt.Errorf("write report: %w", err)
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		return nil, fmt.Errorf("write report: %w", err)
	}
	return b.Bytes(), nil
}

// harmless puts an apostrophe before what a spreadsheet would take for a
// formula, also after spaces and in wide characters, and takes line breaks and
// tabs out, behind which a cell could begin anew (OWASP, CSV injection).
func harmless(cell string) string {
	cell = strings.Map(func(r rune) rune {
		if r == '\t' || r == '\r' || r == '\n' {
			return ' '
		}
		return r
	}, cell)
	if strings.ContainsAny(first(strings.TrimLeft(cell, " \u00a0\u3000")), "=+-@|%\uff1d\uff0b\uff0d\uff20") {
		return "'" + cell
	}
	return cell
}

func first(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

// Template is a file that names every column by its first label, for people to fill in:
// UTF-8 with a byte order mark, semicolons.
func Template() []byte {
	var b bytes.Buffer
	b.Write(byteOrderMark)
	for i, c := range known {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(c.labels[0])
	}
	b.WriteString("\r\n")
	return b.Bytes()
}
