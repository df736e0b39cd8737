package offer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// mostName is how long a name may be, in characters.
const mostName = 100

// name checks a person's name: letters of any script with their marks, space,
// hyphen, apostrophe and full stop.
func (c *checking) name(field string, value *string) {
	if !c.text(field, value, mostName) {
		return
	}
	letters := 0
	for _, r := range *value {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r) && letters > 0:
		case strings.ContainsRune(" -'’.", r):
		default:
			letters = -1
		}
		if letters < 0 {
			break
		}
	}
	if letters <= 0 {
		c.violate(field, "offer.name-characters", "a name has letters, spaces, hyphens, apostrophes and full stops only")
	}
}

// text checks a required line of text and puts it in Unicode's composed form
// (NFC), so that one name has one spelling.
func (c *checking) text(field string, value *string, most int) bool {
	return c.clean(field, value, most, "") && c.required(field, *value)
}

func (c *checking) optionalText(field string, value *string, most int) {
	c.clean(field, value, most, "")
}

// lines is an optional text that may break its lines.
func (c *checking) lines(field string, value *string, most int) {
	*value = strings.ReplaceAll(*value, "\r\n", "\n")
	c.clean(field, value, most, "\n")
}

func (c *checking) clean(field string, value *string, most int, allowed string) bool {
	if len(*value) > most*utf8.UTFMax {
		c.violate(field, "offer.text-length", "this is too long")
		return false
	}
	if !utf8.ValidString(*value) {
		c.violate(field, "offer.text-control-character", "this holds characters that are no text")
		return false
	}
	text := norm.NFC.String(strings.TrimSpace(*value))
	for _, r := range text {
		if strings.ContainsRune(allowed, r) {
			continue
		}
		if unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' {
			c.violate(field, "offer.text-control-character", "this holds characters that are no text")
			return false
		}
		if invisible(r) {
			c.violate(field, "offer.text-invisible-character", "this holds invisible characters or such that turn the writing direction")
			return false
		}
	}
	if utf8.RuneCountInString(text) > most {
		c.violate(field, "offer.text-length", "this is too long")
		return false
	}
	*value = text
	return true
}

// invisible covers what can make two names look alike that are not: format
// characters (bidirectional controls, zero-width joiners, tags), variation
// selectors, fillers and unassigned or private code points.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) ||
		!unicode.IsGraphic(r)
}
