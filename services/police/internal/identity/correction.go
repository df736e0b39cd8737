// Package identity is what the police correct of a worker's identity when the
// passport on the desk says something else than the application: the fields,
// who saw it and when. It never changes what an application says; it is what the
// police know better.
package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// Field is one corrected claim. Value is as encoding/json reads it: a text, a
// number, or a list of texts.
type Field struct {
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Correction is what an officer saw. The zero value corrects nothing.
type Correction struct {
	fields  []Field // by path
	officer string
	at      time.Time
}

// forms are the fields that the police can correct, and what each may be.
var forms = map[string]struct {
	fits func(value any) bool
	form string
}{
	"given_name":               {name, "a name of 1 to 100 visible characters"},
	"family_name":              {name, "a name of 1 to 100 visible characters"},
	"birthdate":                {date, "a date, yyyy-mm-dd"},
	"sex":                      {sex, "0 to 6 or 9 (ISO/IEC 5218, as the PID has it)"},
	"nationalities":            {nationalities, "a list of ISO 3166-1 alpha-2 codes"},
	"passport.document_number": {documentNumber, "5 to 9 capital letters and digits (ICAO 9303)"},
	"passport.issuing_country": {country, "an ISO 3166-1 alpha-2 code"},
	"passport.date_of_expiry":  {date, "a date, yyyy-mm-dd"},
}

// Correct makes a correction. Rule: identity.correction (Invalid), with a
// violation for each field that cannot be: identity.field-unknown,
// identity.field-twice, identity.field-form.
func Correct(fields []Field, officer string, at time.Time) (Correction, error) {
	var wrong []fault.Violation
	c := Correction{officer: officer, at: at.UTC()}
	for _, f := range fields {
		form, known := forms[f.Path]
		switch {
		case !known:
			wrong = append(wrong, fault.Violation{Field: "corrected", Rule: "identity.field-unknown", Message: "names a field that the police do not correct"})
		case c.has(f.Path):
			wrong = append(wrong, fault.Violation{Field: f.Path, Rule: "identity.field-twice", Message: "is given twice"})
		case !form.fits(f.Value):
			wrong = append(wrong, fault.Violation{Field: f.Path, Rule: "identity.field-form", Message: "must be " + form.form})
		}
		c.fields = append(c.fields, f)
	}
	if len(fields) == 0 || officer == "" || at.IsZero() {
		wrong = append(wrong, fault.Violation{Field: "corrected", Rule: "identity.nothing", Message: "a correction has fields, an officer and a time"})
	}
	slices.SortFunc(c.fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return c, fault.Violated("identity.correction", "the correction cannot be used as it is", wrong)
}

func (c Correction) has(path string) bool {
	return slices.ContainsFunc(c.fields, func(f Field) bool { return f.Path == path })
}

// Fields are what is corrected, by path.
func (c Correction) Fields() []Field { return slices.Clone(c.fields) }

// Paths name what is corrected, in order. They are no personal data.
func (c Correction) Paths() []string {
	paths := make([]string, len(c.fields))
	for i, f := range c.fields {
		paths[i] = f.Path
	}
	return paths
}

// None says that nothing is corrected.
func (c Correction) None() bool { return len(c.fields) == 0 }

// Officer is who saw the passport.
func (c Correction) Officer() string { return c.officer }

// At is when.
func (c Correction) At() time.Time { return c.at }

// Text is the corrected text of a field, or what it was.
func (c Correction) Text(path, was string) string {
	for _, f := range c.fields {
		if text, ok := f.Value.(string); ok && f.Path == path {
			return text
		}
	}
	return was
}

// Texts is the corrected list of a field, or what it was.
func (c Correction) Texts(path string, was []string) []string {
	for _, f := range c.fields {
		list, ok := f.Value.([]any)
		if f.Path != path || !ok {
			continue
		}
		all := make([]string, 0, len(list))
		for _, one := range list {
			text, _ := one.(string)
			all = append(all, text)
		}
		return all
	}
	return was
}

// name takes what a passport can print: letters and marks, spaces and the few
// signs of names. Invisible and control characters are none of them.
func name(value any) bool {
	text, _ := value.(string)
	if n := utf8.RuneCountInString(text); n < 1 || n > 100 || !utf8.ValidString(text) || strings.TrimSpace(text) != text {
		return false
	}
	letters := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r), r == ' ', r == '-', r == '\'', r == '’', r == '.', r == ',', r == '/':
		default:
			return false
		}
	}
	return letters > 0
}

func date(value any) bool {
	text, _ := value.(string)
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func sex(value any) bool {
	n, ok := value.(float64)
	return ok && (n == 9 || n >= 0 && n <= 6 && n == float64(int(n)))
}

func nationalities(value any) bool {
	list, _ := value.([]any)
	seen := map[string]bool{}
	for _, one := range list {
		text, _ := one.(string)
		if identifier.CheckCountry(text) != nil || seen[text] {
			return false
		}
		seen[text] = true
	}
	return len(list) > 0 && len(list) <= 10
}

func country(value any) bool {
	text, _ := value.(string)
	return identifier.CheckCountry(text) == nil
}

func documentNumber(value any) bool {
	text, _ := value.(string)
	return identifier.CheckPassportNumber(text) == nil
}
