package identifier

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The register's own pattern of names.
var registerPattern = regexp.MustCompile(`^[a-zA-ZæøåÆØÅáàâãäçðéèêëíìîïñóòôõöþúùûüýÿÁÀÂÃÄÇÐÉÈÊËÍÌÎÏÑÓÒÔÕÖÞÚÙÛÜÝŸ \-']+$`)

func TestNamesAreWrittenInTheRegistersLetters(t *testing.T) {
	for in, want := range map[string]string{
		"Lisa":                   "Lisa",
		"Bjørn Åge Ærlig":        "Bjørn Åge Ærlig",
		"Łukasz":                 "Lukasz",
		"Wałęsa":                 "Walesa",
		"Żółć":                   "Zólc",
		"Nguyễn Thị Ánh":         "Nguyen Thi Ánh",
		"Đặng":                   "Dang",
		"Şahin İnönü":            "Sahin Inönü",
		"Yıldız":                 "Yildiz",
		"Erdoğan":                "Erdogan",
		"Weiß":                   "Weiss",
		"Lœuillet":               "Loeuillet",
		"Dvořák-Čapek":           "Dvorák-Capek",
		"O’Brien":                "O'Brien",
		"St. James":              "St James",
		"  Anna   Maria ":        "Anna Maria",
		"Þórður Eiríksdóttir":    "Þórður Eiríksdóttir",
		"Ŋuŋu":                   "Nunu",
		"e\u0301mile":            "émile", // composed from two
		"Ștefan Țăran":           "Stefan Taran",
		"Ō Õ":                    "O Õ",
		strings.Repeat("ø", 250): strings.Repeat("ø", 250),
	} {
		got, err := RegisterName(in)
		if err != nil || got != want {
			t.Errorf("%q is written %q (%v), want %q", in, got, err, want)
		}
		if !registerPattern.MatchString(got) {
			t.Errorf("%q does not fit the register's pattern", got)
		}
	}
	for _, in := range []string{"", " ", "-", "'", "Иван", "山田", "محمد", "Anna1", "A<B", "A\u202eB", "A\x00B", "Αλέξης", strings.Repeat("a", 601)} {
		_, err := RegisterName(in)
		refused(t, in, err, "identifier.name-letters")
	}
}

func TestWrittenNamesFitThePatternAndStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.String().Draw(t, "name")
		once, err := RegisterName(in)
		if err != nil {
			return
		}
		if !registerPattern.MatchString(once) {
			t.Fatalf("%q is written %q", in, once)
		}
		if twice, err := RegisterName(once); err != nil || twice != once {
			t.Fatalf("%q is written %q the second time", once, twice)
		}
	})
}
