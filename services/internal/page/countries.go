package page

import (
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// countries are the countries of ISO 3166-1 by their names in each language, in its
// order.
var countries = sync.OnceValue(func() map[texts.Lang][]Option {
	all := map[texts.Lang][]Option{}
	for _, lang := range texts.Langs() {
		tag := tagOf(lang)
		names := display.Regions(tag)
		for a := 'A'; a <= 'Z'; a++ {
			for b := 'A'; b <= 'Z'; b++ {
				code := string([]rune{a, b})
				if identifier.CheckCountry(code) != nil {
					continue
				}
				region, err := language.ParseRegion(code)
				if err != nil {
					continue
				}
				all[lang] = append(all[lang], Option{Value: code, Label: names.Name(region)})
			}
		}
		collate.New(tag).Sort(byLabel(all[lang]))
	}
	return all
})

// tagOf is a language as x/text has it: names of countries in nynorsk are those of
// Norwegian there.
func tagOf(lang texts.Lang) language.Tag {
	if lang == texts.English {
		return language.English
	}
	return language.Norwegian
}

type byLabel []Option

func (o byLabel) Len() int           { return len(o) }
func (o byLabel) Swap(i, j int)      { o[i], o[j] = o[j], o[i] }
func (o byLabel) Bytes(i int) []byte { return []byte(o[i].Label) }

// Countries are the countries to choose from, after a choice of none with the given
// text.
func (c *Call) Countries(none string) []Option {
	return append([]Option{{Label: none}}, countries()[c.Lang]...)
}

// Country is a country's name by its code; the code itself where it is not known.
func (c *Call) Country(code string) string {
	for _, o := range countries()[c.Lang] {
		if o.Value == code {
			return o.Label
		}
	}
	return code
}
