package texts_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

func files(content string) fstest.MapFS {
	return fstest.MapFS{"texts/a.yaml": {Data: []byte(content)}}
}

func TestTextsThatAreNotWholeAreRefused(t *testing.T) {
	for name, content := range map[string]string{
		"nynorsk is missing":     "a: {nb: Tilbud, en: Offer}",
		"english is empty":       "a: {nb: Tilbud, nn: Tilbod, en: \" \"}",
		"another language":       "a: {nb: Tilbud, nn: Tilbod, en: Offer, se: Fálaldat}",
		"other things filled in": "a: {nb: \"{n} tilbud\", nn: \"{n} tilbod\", en: Offers}",
	} {
		if _, err := texts.Load(files(content)); err == nil {
			t.Errorf("%s: was taken", name)
		} else if !strings.Contains(err.Error(), "texts/a.yaml: a") {
			t.Errorf("%s: the error does not say where: %v", name, err)
		}
	}
}

func TestKeyInTwoFilesIsRefused(t *testing.T) {
	two := files("a: {nb: x, nn: x, en: x}")
	two["texts/b.yaml"] = &fstest.MapFile{Data: []byte("a: {nb: y, nn: y, en: y}")}
	if _, err := texts.Load(two); err == nil {
		t.Error("two texts of one key were taken")
	}
}

func TestTextIsFilledIn(t *testing.T) {
	c, err := texts.Load(files("a: {nb: \"{n} av {all}\", nn: \"{n} av {all}\", en: \"{n} of {all}\"}"))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.In(texts.English, "a", "n", "1", "all", "2"); got != "1 of 2" {
		t.Errorf("got %q", got)
	}
	if got := c.In(texts.English, "b"); got != "⟦b⟧" {
		t.Errorf("a missing text shows as %q", got)
	}
}

func TestWantedLanguage(t *testing.T) {
	for header, want := range map[string]texts.Lang{
		"":                           texts.English,
		"nn-NO,nn;q=0.9,nb;q=0.8":    texts.Nynorsk,
		"no":                         texts.Bokmål,
		"hi-IN,hi;q=0.9,en-IN;q=0.8": texts.English,
		"nb;q=0, nn":                 texts.Nynorsk,
		"xx,, ;q=x":                  texts.English,
	} {
		if got := texts.Wanted(header, texts.English); got != want {
			t.Errorf("%q gives %s, want %s", header, got, want)
		}
	}
}
