package page

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Form is what stands in the fields of a form, and what is wrong with it. A
// field's name is its path in the contract, such as employment.annual_salary, so
// that what the API refuses stands at its field.
type Form struct {
	Values url.Values
	// Wrong are the problems, in the order in which they were found.
	Wrong []Problem
}

// Problem is one thing that is wrong: Field is empty for what concerns the whole
// form, Text is in the reader's language.
type Problem struct{ Field, Text string }

// Form is what the reader has sent.
func (c *Call) Form() *Form { return &Form{Values: c.R.PostForm} }

// NewForm is a form with values to begin with, as name, value, name, value.
func NewForm(pairs ...string) *Form {
	f := &Form{Values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// Get is the text of a field, without space around it.
func (f *Form) Get(name string) string { return strings.TrimSpace(f.Values.Get(name)) }

// Has reports whether a field has a value, as ticked boxes have.
func (f *Form) Has(name, value string) bool {
	for _, one := range f.Values[name] {
		if one == value {
			return true
		}
	}
	return false
}

// Problems are those of one field.
func (f *Form) Problems(name string) (all []string) {
	for _, p := range f.Wrong {
		if p.Field == name {
			all = append(all, p.Text)
		}
	}
	return all
}

// Refuse notes that a field is wrong, by the key of a text.
func (f *Form) Refuse(c *Call, field, key string, fill ...string) {
	f.Wrong = append(f.Wrong, Problem{field, c.T(key, fill...)})
}

// Number reads a whole number as people write it: 634 700, 634.700 or 634700.
// What is no number is noted at the field; an empty field is 0.
func (f *Form) Number(c *Call, name string) int64 {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '\u202f' {
			return -1
		}
		return r
	}, f.Get(name))
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.Refuse(c, name, "form.number")
	}
	return n
}

// Decimal reads a number that may have a decimal comma: 37,5.
func (f *Form) Decimal(c *Call, name string) float64 {
	text := strings.ReplaceAll(strings.ReplaceAll(f.Get(name), narrow, ""), ",", ".")
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		f.Refuse(c, name, "form.decimal")
	}
	return n
}

var dayForms = []string{"02.01.2006", "2.1.2006", "02.01.06", time.DateOnly, "02/01/2006", "2. 1. 2006", "2 January 2006"}

// Day reads a date as people write it, 01.08.2023, or as a browser sends it, and
// gives it as 2006-01-02; empty when the field is.
func (f *Form) Day(c *Call, name string) string {
	text := f.Get(name)
	if text == "" {
		return ""
	}
	for _, form := range dayForms {
		if day, err := time.Parse(form, text); err == nil {
			return day.Format(time.DateOnly)
		}
	}
	f.Refuse(c, name, "form.day")
	return text
}

// Refused takes what the API has against a form, and reports whether it is that: a
// page is then shown again with it. Other errors are not for the form.
func (f *Form) Refused(c *Call, err error) bool {
	var what *fault.Error
	if !errors.As(err, &what) || (what.Kind != fault.Invalid && what.Kind != fault.Conflict) {
		return false
	}
	if len(what.Violations) == 0 {
		f.Wrong = append(f.Wrong, Problem{"", c.Rule(what.Rule)})
	}
	for _, v := range what.Violations {
		text := c.Rule(v.Rule)
		if key := "rule." + v.Rule + "." + strings.ToLower(v.Field); c.Portal.Texts.Has(key) {
			text = c.T(key) // some rules mean another thing at each field
		}
		f.Wrong = append(f.Wrong, Problem{v.Field, text})
	}
	return true
}

// RefusedOrMissing is Refused for forms in which somebody names a thing: that there
// is none, or that it was asked for too often, is said at the form too.
func (f *Form) RefusedOrMissing(c *Call, err error) bool {
	if f.Refused(c, err) {
		return true
	}
	var what *fault.Error
	if !errors.As(err, &what) || what.Kind != fault.NotFound && what.Kind != fault.Throttled {
		return false
	}
	f.Wrong = append(f.Wrong, Problem{"", c.Rule(what.Rule)})
	return true
}

// Kept is Refused for forms in which somebody has written much: whatever the API has
// against it, other than a mistake of ours, is said at the form, and what was written
// stays.
func (f *Form) Kept(c *Call, err error) bool {
	if f.Refused(c, err) {
		return true
	}
	var what *fault.Error
	if !errors.As(err, &what) || what.Kind == fault.Internal {
		return false
	}
	f.Wrong = append(f.Wrong, Problem{"", c.failedBy(what).text + " " + c.T("fault."+what.Kind.String()+".do")})
	return true
}

// RuleAt is Rule with the field's label before it, for lists of many fields.
func (c *Call) RuleAt(label, rule string) string { return label + ": " + c.Rule(rule) }

// Rule is what a broken rule means to people: the text rule.<rule>, or a general
// one.
func (c *Call) Rule(rule string) string {
	if c.Portal.Texts.Has("rule." + rule) {
		return c.T("rule." + rule)
	}
	return c.T("form.refused")
}
