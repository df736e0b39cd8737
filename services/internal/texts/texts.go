// Package texts is what people read, in bokmål, nynorsk and English: språklova
// § 14 asks for both forms of Norwegian at the same time. Texts stand in YAML
// files beside the pages that show them, the three languages of a text together,
// so that a missing one is seen where it is missing, and refused when they are
// read:
//
//	offers.title:
//	  nb: Tilbud
//	  nn: Tilbod
//	  en: Offers
//
// {name} in a text is filled in by whoever shows it.
package texts

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Lang is a language that people are written to in.
type Lang string

// The languages, as BCP 47 names them.
const (
	Bokmål  Lang = "nb"
	Nynorsk Lang = "nn"
	English Lang = "en"
)

// Langs are all of them, in the order in which they are offered.
func Langs() []Lang { return []Lang{Bokmål, Nynorsk, English} }

// Parse finds a language by its name.
func Parse(name string) (Lang, bool) {
	lang := Lang(name)
	return lang, slices.Contains(Langs(), lang)
}

// Catalog is texts by key.
type Catalog map[string]map[Lang]string

// Load reads every .yaml file of a tree. A text that lacks a language, has an
// empty one, differs in what is filled in, or stands there twice is an error, and
// all errors are said at once.
func Load(files fs.FS) (Catalog, error) {
	all := Catalog{}
	var wrong []error
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".yaml") {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		var read map[string]map[Lang]string
		if err := yaml.Unmarshal(content, &read); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, key := range slices.Sorted(maps.Keys(read)) {
			if _, twice := all[key]; twice {
				wrong = append(wrong, fmt.Errorf("%s: %s stands in another file too", name, key))
			}
			if err := check(read[key]); err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %s: %w", name, key, err))
			}
			all[key] = read[key]
		}
		return nil
	})
	if err := errors.Join(append(wrong, err)...); err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	return all, nil
}

var blank = regexp.MustCompile(`\{[a-z_]+\}`)

// check refuses a text that is not whole.
func check(text map[Lang]string) error {
	for lang := range text {
		if _, known := Parse(string(lang)); !known {
			return fmt.Errorf("%q is no language of ours", lang)
		}
	}
	var first []string
	for i, lang := range Langs() {
		if strings.TrimSpace(text[lang]) == "" {
			return fmt.Errorf("is missing in %s", lang)
		}
		blanks := blank.FindAllString(text[lang], -1)
		slices.Sort(blanks)
		blanks = slices.Compact(blanks)
		if i == 0 {
			first = blanks
		} else if !slices.Equal(first, blanks) {
			return fmt.Errorf("fills in %v in %s and %v in %s", first, Langs()[0], blanks, lang)
		}
	}
	return nil
}

// Merge puts catalogs together; a key of a later one stands instead of that of an
// earlier one.
func Merge(catalogs ...Catalog) Catalog {
	all := Catalog{}
	for _, c := range catalogs {
		maps.Copy(all, c)
	}
	return all
}

// Has reports whether there is such a text.
func (c Catalog) Has(key string) bool { return c[key] != nil }

// In is a text in a language, with what is filled in given as name, value, name,
// value. A text that is not there is shown as its key in ⟦ ⟧, which the browser
// tests look for.
func (c Catalog) In(lang Lang, key string, fill ...string) string {
	text, ok := c[key][lang]
	if !ok {
		return "⟦" + key + "⟧"
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// Wanted is the first of our languages that an Accept-Language header asks for
// (RFC 9110, section 12.5.4; the order of equal weights decides, weights are few
// and sorted in practice). "no" is bokmål. Otherwise what is given as usual.
func Wanted(header string, usual Lang) Lang {
	for one := range strings.SplitSeq(header, ",") {
		tag, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		if w := strings.ReplaceAll(weight, " ", ""); w == "q=0" || strings.HasPrefix(w, "q=0.0") {
			continue
		}
		primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
		if primary == "no" {
			return Bokmål
		}
		if lang, ok := Parse(primary); ok {
			return lang
		}
	}
	return usual
}
