package batch

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

// File is a file that was read. Nothing in its cells is checked yet.
type File struct {
	Lines   []Line
	columns map[string]int // the column of a field, from 1
}

// column is where a cell goes, and under which names HR knows it: the path of
// the field, and the label of the form.
type column struct {
	field  string
	labels []string
	set    func(form *offer.Form, cell string)
}

func text(field string, at func(*offer.Form) *string, labels ...string) column {
	return column{field: field, labels: labels, set: func(form *offer.Form, cell string) { *at(form) = cell }}
}

// known are the columns that a file may have. The labels are those of the form
// (Tilbud om arbeid).
var known = []column{
	text("given_name", func(f *offer.Form) *string { return &f.GivenName }, "fornavn"),
	text("family_name", func(f *offer.Form) *string { return &f.FamilyName }, "etternavn"),
	text("email", func(f *offer.Form) *string { return &f.Email }, "epost-adresse", "e-post", "epost"),
	text("phone_number", func(f *offer.Form) *string { return &f.PhoneNumber }, "telefonnummer", "telefon"),
	text("current_country", func(f *offer.Form) *string { return &f.CurrentCountry }, "land"),
	text("duf_number", func(f *offer.Form) *string { return &f.DUFNumber }, "duf-nummer"),
	text("birthdate", func(f *offer.Form) *string { return &f.Birthdate }, "fødselsdato"),
	text("place_of_birth.locality", func(f *offer.Form) *string { return &f.PlaceOfBirth.Locality }, "fødested"),
	text("place_of_birth.country", func(f *offer.Form) *string { return &f.PlaceOfBirth.Country }, "fødeland"),
	{field: "nationalities", labels: []string{"nasjonalitet", "statsborgerskap"}, set: func(f *offer.Form, cell string) {
		f.Nationalities = strings.FieldsFunc(cell, func(r rune) bool { return r == ' ' || r == '/' || r == '+' })
	}},
	{field: "sex", labels: []string{"kjønn"}, set: func(f *offer.Form, cell string) { f.Sex = sex(cell) }},
	text("passport.document_number", func(f *offer.Form) *string { return &f.Passport.DocumentNumber }, "passnummer"),
	text("passport.issuing_authority", func(f *offer.Form) *string { return &f.Passport.IssuingAuthority }, "passutsteder"),
	text("passport.issuing_country", func(f *offer.Form) *string { return &f.Passport.IssuingCountry }, "utstederland"),
	text("passport.date_of_issuance", func(f *offer.Form) *string { return &f.Passport.DateOfIssuance }, "utstedt dato"),
	text("passport.date_of_expiry", func(f *offer.Form) *string { return &f.Passport.DateOfExpiry }, "gyldig til"),
	text("employment.job_title", func(f *offer.Form) *string { return &f.Employment.JobTitle }, "stillingstittel"),
	text("employment.occupation", func(f *offer.Form) *string { return &f.Employment.Occupation }, "yrke", "yrkeskode"),
	text("employment.start_date", func(f *offer.Form) *string { return &f.Employment.StartDate }, "startdato"),
	text("employment.end_date", func(f *offer.Form) *string { return &f.Employment.EndDate }, "sluttdato"),
	text("employment.position_percentage", func(f *offer.Form) *string { return &f.Employment.PositionPercentage }, "stillingsprosent"),
	text("employment.weekly_hours", func(f *offer.Form) *string { return &f.Employment.WeeklyHours }, "timer per uke"),
	text("employment.annual_salary", func(f *offer.Form) *string { return &f.Employment.AnnualSalary }, "lønn", "årslønn", "årslønn i nok"),
	text("employment.required_education_level", func(f *offer.Form) *string { return &f.Employment.RequiredEducationLevel }, "utdanningsnivå"),
	text("employment.workplace_municipality", func(f *offer.Form) *string { return &f.Employment.WorkplaceMunicipality }, "kommune", "kommunenummer"),
	text("employment.collective_agreement", func(f *offer.Form) *string { return &f.Employment.CollectiveAgreement }, "tariffavtale"),
	text("employment.job_description", func(f *offer.Form) *string { return &f.Employment.JobDescription }, "arbeidsoppgaver"),
}

// sex reads the form's words and the rulebook's numbers; 0 is none of them.
func sex(cell string) int {
	switch strings.ToLower(strings.TrimSpace(cell)) {
	case "1", "mann":
		return 1
	case "2", "kvinne":
		return 2
	case "3", "annet":
		return 3
	}
	return 0
}

// byName finds a column by its field or a label.
var byName = func() map[string]int {
	names := map[string]int{}
	for i, c := range known {
		for _, name := range append(c.labels, c.field) {
			names[name] = i
		}
	}
	return names
}()

// byteOrderMark is what spreadsheets write in front of UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Read reads a file (RFC 4180): UTF-8 with or without a byte order mark, cells
// parted by semicolon or comma, the columns named in the first line.
//
// Rules, all Invalid: batch.too-large, batch.encoding, batch.form, batch.column,
// batch.column-twice, batch.empty, batch.too-many.
func Read(raw []byte) (*File, error) {
	if len(raw) > MaxBytes {
		return nil, invalid("too-large", "a file has at most 1 MiB: send it in parts")
	}
	raw = bytes.TrimPrefix(raw, byteOrderMark)
	if !utf8.Valid(raw) || bytes.IndexByte(raw, 0) >= 0 {
		return nil, invalid("encoding", "the file is not text in UTF-8: save it as \"CSV UTF-8\"")
	}
	reader := csv.NewReader(bytes.NewReader(raw))
	reader.Comma = separator(raw)
	reader.ReuseRecord = true
	head, err := reader.Read()
	if err != nil {
		return nil, malformed(err)
	}
	places, columns, err := readHead(head)
	if err != nil {
		return nil, err
	}
	f := &File{columns: columns}
	for {
		cells, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformed(err)
		}
		if len(f.Lines) == MaxLines {
			return nil, invalid("too-many", "a file has at most 2,000 offers: send it in parts")
		}
		number, _ := reader.FieldPos(0)
		line := Line{Number: number, State: Waiting}
		empty := true
		for i, cell := range cells {
			cell = strings.TrimSpace(cell)
			empty = empty && cell == ""
			known[places[i]].set(&line.Form, cell)
		}
		if !empty { // spreadsheets leave rows of separators behind
			f.Lines = append(f.Lines, line)
		}
	}
	if len(f.Lines) == 0 {
		return nil, invalid("empty", "the file has no offer after its first line")
	}
	return f, nil
}

// separator is what parts the cells of the first line: Norwegian spreadsheets
// write semicolons, since the comma stands before decimals.
func separator(raw []byte) rune {
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	if bytes.Count(first, []byte(";")) >= bytes.Count(first, []byte(",")) {
		return ';'
	}
	return ','
}

// readHead says which column each place is, and where each field stands.
func readHead(head []string) (places []int, columns map[string]int, err error) {
	var v []fault.Violation
	columns = map[string]int{}
	for i, cell := range head {
		at, ok := byName[strings.ToLower(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(cell), "*")))]
		where := "line 1, column " + strconv.Itoa(i+1)
		switch {
		case !ok:
			v = append(v, fault.Violation{Field: where, Rule: "batch.column", Message: "this is no column of the form: use its fields' paths or its labels"})
		case columns[known[at].field] != 0:
			v = append(v, fault.Violation{Field: where, Rule: "batch.column-twice", Message: "this column is there twice"})
		default:
			columns[known[at].field] = i + 1
		}
		places = append(places, at)
	}
	return places, columns, fault.Violated("batch.columns", "the first line does not name the columns", v)
}

// malformed says where a file cannot be read.
func malformed(err error) error {
	var at *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return invalid("empty", "the file is empty")
	case errors.As(err, &at) && errors.Is(err, csv.ErrFieldCount):
		return invalid("form", fmt.Sprintf("line %d has another number of cells than the first line", at.StartLine))
	case errors.As(err, &at):
		return invalid("form", fmt.Sprintf("line %d, byte %d: a quotation mark is not where it may be", at.Line, at.Column))
	}
	return fault.Wrap(err, fault.Invalid, "batch.form", "the file cannot be read as CSV")
}

func invalid(rule, message string) error {
	return fault.New(fault.Invalid, "batch."+rule, "%s", message)
}
