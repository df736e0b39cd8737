package batch

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/offer"
)

var today = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

const paths = "given_name,family_name,email,phone_number,current_country,birthdate,place_of_birth.locality,place_of_birth.country,nationalities,sex," +
	"passport.document_number,passport.issuing_authority,passport.issuing_country,passport.date_of_issuance,passport.date_of_expiry," +
	"employment.job_title,employment.occupation,employment.start_date,employment.position_percentage,employment.annual_salary,employment.required_education_level"

const labels = "Fornavn*;Etternavn*;Epost-adresse;Telefonnummer;Land;Fødselsdato;Fødested;Fødeland;Nasjonalitet;Kjønn;" +
	"Passnummer;Passutsteder;Utstederland;Utstedt dato;Gyldig til;Stillingstittel;Yrkeskode;Startdato;Stillingsprosent;Årslønn i NOK;Utdanningsnivå"

const lisa = `Lisa;Johnson;lisa@example.com;+1 212 345 6789;USA;01.01.1990;New York;US;US;Kvinne;123456789;U.S. Department of State;US;01.01.2023;01.01.2033;Researcher;2512;01.01.2027;100,00 %;634 700 NOK;master`

// signed fills in what the employer adds to every line.
func signed(f *File) {
	for i := range f.Lines {
		f.Lines[i].Form.Employer = offer.Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"}
		f.Lines[i].Form.Signatory = offer.Signatory{Name: "Kari Nordmann", Role: "HR manager"}
		f.Lines[i].Form.Declarations = offer.Declarations{QualificationsConfirmed: true, InformationVerified: true}
	}
}

func violations(t *testing.T, raw string) []Violation {
	t.Helper()
	f, err := Read([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	signed(f)
	return f.Check(today, offer.DefaultRules(identifier.Synthetic))
}

func TestFileIsReadAsHRWritesIt(t *testing.T) {
	commas := strings.ReplaceAll(strings.ReplaceAll(lisa, "100,00 %", `"100,00 %"`), ";", ",")
	for name, raw := range map[string]string{
		"labels, semicolons":    labels + "\n" + lisa,
		"with byte order mark":  "\xef\xbb\xbf" + labels + "\r\n" + lisa + "\r\n",
		"paths, commas":         paths + "\n" + commas + "\n",
		"paths, semicolons":     strings.ReplaceAll(paths, ",", ";") + "\n" + lisa,
		"rows of nothing below": labels + "\n" + lisa + "\n" + strings.Repeat(";", 20) + "\n",
		"quoted":                labels + "\n" + `"` + strings.ReplaceAll(lisa, ";", `";"`) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Read([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			signed(f)
			if len(f.Lines) != 1 || f.Lines[0].Number != 2 {
				t.Fatalf("%d lines, the first %d", len(f.Lines), f.Lines[0].Number)
			}
			terms, err := offer.Check(f.Lines[0].Form, today, offer.DefaultRules(identifier.Synthetic))
			if err != nil {
				t.Fatal(err)
			}
			form := terms.Form()
			if form.GivenName != "Lisa" || form.Sex != 2 || form.Birthdate != "1990-01-01" || form.Employment.AnnualSalary != "634700" ||
				form.Employment.PositionPercentage != "100" || form.CurrentCountry != "US" || len(form.Nationalities) != 1 {
				t.Errorf("%+v", form)
			}
		})
	}
}

func TestEveryViolationNamesItsLineAndColumn(t *testing.T) {
	bad := strings.NewReplacer("lisa@example.com", "nobody", "01.01.2033", "32.01.2033").Replace(lisa)
	got := violations(t, labels+"\n"+lisa+"\n"+bad+"\n"+lisa+"\n"+strings.Replace(lisa, "634 700 NOK", "much", 1))
	want := []struct {
		line, column int
		field, rule  string
	}{
		{3, 3, "email", "offer.email-format"}, {3, 15, "passport.date_of_expiry", "offer.passport-expiry-format"},
		{5, 20, "employment.annual_salary", "offer.salary-format"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d violations: %+v", len(got), got)
	}
	for i, w := range want {
		g := got[i]
		if g.Line != w.line || g.Column != w.column || g.Field != w.field || g.Rule != w.rule {
			t.Errorf("violation %d is %+v, want %+v", i, g, w)
		}
	}
	short := violations(t, "Fornavn;Etternavn\nLisa;Johnson")
	for _, v := range short {
		if v.Field == "email" && v.Column != 0 {
			t.Errorf("a column that is not there is column %d", v.Column)
		}
	}
	if len(short) < 10 {
		t.Errorf("only %d violations of a file that lacks nearly all columns", len(short))
	}
}

func TestFileThatCannotBeReadIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ raw, rule string }{
		"nothing":            {"", "batch.empty"},
		"head only":          {labels + "\n", "batch.empty"},
		"Latin-1":            {"Fornavn;Etternavn\nOla;N\xf8rdmann", "batch.encoding"},
		"UTF-16":             {"F\x00o\x00r\x00", "batch.encoding"},
		"unknown column":     {"Fornavn;Skostørrelse\nLisa;38", "batch.columns"},
		"a column twice":     {"Fornavn;given_name\nLisa;Lisa", "batch.columns"},
		"a cell too many":    {"Fornavn;Etternavn\nLisa;Johnson;x", "batch.form"},
		"an open quote":      {"Fornavn;Etternavn\n\"Lisa;Johnson", "batch.form"},
		"a quote in the way": {"Fornavn;Etternavn\nLi\"sa;Johnson", "batch.form"},
		"too large":          {strings.Repeat("a", MaxBytes+1), "batch.too-large"},
		"too many":           {"Fornavn;Etternavn\n" + strings.Repeat("a;b\n", MaxLines+1), "batch.too-many"},
	} {
		if _, err := Read([]byte(c.raw)); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v, want %s", name, err, c.rule)
		}
	}
	if f, err := Read([]byte("Fornavn;Etternavn\n" + strings.Repeat("a;b\n", MaxLines))); err != nil || len(f.Lines) != MaxLines {
		t.Errorf("as many as may be: %v", err)
	}
}

// Hostile input 40: a cell that a spreadsheet would run.
func TestReportHoldsNoFormula(t *testing.T) {
	hostile := []string{
		`=cmd|' /C calc'!A0`, `+1+1`, `-1+1`, `@SUM(1)`, "\t=1+1", "\r=1+1", " =1+1", "\u00a0=1", "\uff1d1", `|calc`, "a\n=1", `%0A=1`,
		`";=1+1`, "=HYPERLINK(\"http://evil\";\"x\")",
	}
	var lines []Reported
	for i, cell := range hostile {
		lines = append(lines, Reported{Line: Line{Number: i + 2, State: Failed, Rule: cell, Message: cell}, Name: cell, Number: cell, Code: cell, Stands: cell})
	}
	raw, err := Report(lines)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(raw, byteOrderMark)))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) != len(hostile)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if c := strings.TrimLeft(cell, " \u00a0\t\r\n"); c != "" && strings.ContainsAny(first(c), "=+-@|%\uff1d") || strings.ContainsAny(cell, "\r\n\t") {
				t.Errorf("%q could be run", cell)
			}
		}
	}
	plain, err := Report([]Reported{{Line: Line{Number: 2, State: Issued}, Name: "Åse O'Brien", Number: "26-004217-K", Code: "amber-canoe-violet-ridge", Stands: "ISSUED"}})
	if err != nil || !strings.Contains(string(plain), "2;Åse O'Brien;ISSUED;26-004217-K;amber-canoe-violet-ridge;ISSUED;;\r\n") {
		t.Errorf("%s, %v", plain, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(labels + "\n" + lisa))
	f.Add([]byte(paths + "\n\"a\",\"\"\"b\""))
	f.Add([]byte("\xef\xbb\xbfFornavn\n=cmd()"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := Read(raw)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		file.Check(today, offer.DefaultRules(identifier.Synthetic))
	})
}
