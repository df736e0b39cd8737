package sanctions

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const head = "#version,v1\n#issued,2026-11-01T00:00:00Z\n#next_update,2026-12-01T00:00:00Z\nid,kind,names,births,source\n"

var near = Nearness{Edits: []Edits{{4, 1}, {8, 2}}, Years: 1}

func list(t interface{ Fatal(...any) }, rows ...string) *List {
	l, err := Parse([]byte(head + strings.Join(rows, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func day(s string) time.Time {
	d, _ := time.Parse(time.DateOnly, s)
	return d
}

func screen(l *List, given, family, born string) string {
	var all []string
	for _, m := range l.Screen(Person{GivenName: given, FamilyName: family, Birthdate: day(born)}, near) {
		all = append(all, m.Entry+" "+string(m.Strength))
	}
	return strings.Join(all, ",")
}

func TestNamesAreComparedWithoutDiacriticsCaseAndOrder(t *testing.T) {
	l := list(t, `A,SANCTION,"Søren Ådland-Müller; Soren Muller",1970-02-03,x`, `B,PEP,Łukasz Þorsen,1980,x`, `C,SANCTION,O'Brien Siobhan,,x`)
	for _, one := range []struct{ given, family, born, want string }{
		{"Søren", "Ådland-Müller", "1970-02-03", "A HIT"},
		{"SØREN", "A\u030adland Mu\u0308ller", "1970-02-03", "A HIT"}, // decomposed
		{"Ådland Müller", "Søren", "1970-02-03", "A HIT"},
		{"soren", "adland muller", "1970-02-03", "A HIT"},
		{"Søren", "Müller", "1970-02-03", "A HIT"},                  // the other name
		{"Søren", "Ådland-Müller", "1990-05-06", "A POSSIBLE"},      // same name, another day
		{"Søren Erik", "Ådland-Müller", "1970-02-03", "A POSSIBLE"}, // a name more
		{"Sören", "Ådland-Mueller", "1970-02-03", "A POSSIBLE"},     // written otherwise
		{"Soren", "Adland", "1970-03-02", "A POSSIBLE"},             // day and month exchanged, a name less
		{"Soren", "Adland", "1971-03-04", "A POSSIBLE"},
		{"Soren", "Adland", "1973-03-04", ""},
		{"Søren", "Hansen", "1970-02-03", ""},
		{"Lukasz", "Thorsen", "1980-12-31", "B HIT"}, // the list knows the year alone
		{"Lukasz", "Thorsen", "1983-12-31", "B POSSIBLE"},
		{"Siobhán", "O’Brien", "1999-01-01", "C HIT"}, // the list knows no birth
		{"Siobhan", "Obrian", "1999-01-01", "C POSSIBLE"},
		{"Lisa", "Johnson", "1990-01-01", ""},
	} {
		if got := screen(l, one.given, one.family, one.born); got != one.want {
			t.Errorf("%s %s %s: %q, want %q", one.given, one.family, one.born, got, one.want)
		}
	}
}

func TestOneNameAloneNeedsTheSameDay(t *testing.T) {
	l := list(t, `A,SANCTION,Abdullah,1970-02-03,x`)
	if got := screen(l, "Abdullah", "Hassan", "1970-02-03"); got != "A POSSIBLE" {
		t.Error(got)
	}
	if got := screen(l, "Abdullah", "Hassan", "1970-02-04"); got != "" {
		t.Error(got)
	}
	if got := screen(l, "", "Abdullah", "1970-02-03"); got != "A HIT" {
		t.Error(got)
	}
	if got := screen(l, "", "", "1970-02-03"); got != "" {
		t.Error("nobody is somebody:", got)
	}
}

func TestNamesWrittenTogetherAreNear(t *testing.T) {
	l := list(t, `A,SANCTION,Usama Bin Example,1957,x`)
	if got := screen(l, "Usama", "Binexample", "1957-01-01"); got != "A POSSIBLE" {
		t.Error(got)
	}
}

func TestListWithAnythingWrongIsRefusedWhole(t *testing.T) {
	good := "A,SANCTION,Ola Nordmann,1970,x\n"
	for name, raw := range map[string]string{
		"sanctions.list-empty":       head,
		"sanctions.list-form":        head + good + "B,SANCTION,\"Ola,1970,x\n",
		"sanctions.list-form 2":      head + "A,SANCTION,\xff\xfe,1970,x\n",
		"sanctions.list-header":      "id,kind,names,births,source\n" + good,
		"sanctions.list-header 2":    strings.Replace(head, "#version,v1\n", "", 1) + good,
		"sanctions.list-header 3":    strings.Replace(head, "2026-12-01T00:00:00Z", "2026-10-01T00:00:00Z", 1) + good,
		"sanctions.list-header 4":    strings.Replace(head, "2026-12-01T00:00:00Z", "soon", 1) + good,
		"sanctions.list-header 5":    strings.Replace(head, "births,source", "source,births", 1) + good,
		"sanctions.list-header 6":    "",
		"sanctions.list-header 7":    "#version\n" + good,
		"sanctions.list-entry":       head + good + good,
		"sanctions.list-entry kind":  head + "A,FRIEND,Ola Nordmann,1970,x\n",
		"sanctions.list-entry id":    head + ",SANCTION,Ola Nordmann,1970,x\n",
		"sanctions.list-entry name":  head + "A,SANCTION, ; ,1970,x\n",
		"sanctions.list-entry name2": head + "A,SANCTION,---,1970,x\n",
		"sanctions.list-entry born":  head + "A,SANCTION,Ola Nordmann,1970-02-30,x\n",
		"sanctions.list-entry born2": head + "A,SANCTION,Ola Nordmann,19x0,x\n",
		"sanctions.list-entry width": head + "A,SANCTION,Ola Nordmann,1970\n",
	} {
		rule, _, _ := strings.Cut(name, " ")
		if _, err := Parse([]byte(raw)); fault.RuleOf(err) != rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Parse(make([]byte, MaxSize+1)); fault.RuleOf(err) != "sanctions.list-size" {
		t.Error(err)
	}
	if l, err := Parse([]byte("\uFEFF" + head + good)); err != nil || l.Version != "v1" || len(l.Hash) != 64 {
		t.Error(l, err)
	}
}

func TestListThatIsMissingOrStaleIsNotCheckedBy(t *testing.T) {
	l := list(t, `A,SANCTION,Ola Nordmann,1970,x`)
	if err := l.Check(day("2026-11-30")); err != nil {
		t.Error(err)
	}
	if err := l.Check(day("2026-12-01")); fault.RuleOf(err) != "sanctions.list-stale" || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
	if err := (*List)(nil).Check(day("2026-11-30")); fault.RuleOf(err) != "sanctions.list-missing" || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
}

// Hostile input 38: bidirectional, confusable and zero-width characters.
func TestInput38NamesThatLookLikeOthersAreUnusual(t *testing.T) {
	for name, want := range map[string]bool{
		"Lisa Johnson": false, "Łukasz Þorsen": false, "D’Arcy Jean-Luc": false, "Иван Иванов": false, "Ōsaka ʻOkina": false,
		"Lis\u0430 Johnson":      true, // Cyrillic a
		"Lisa\u200b Johnson":     true,
		"Lisa \u202enosnhoJ":     true,
		"Lisa\x00Johnson":        true,
		"Ολυμπία Johnson Ivanov": true,
	} {
		if Unusual(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}

func TestWhoeverIsListedIsFoundHoweverTheNameIsWritten(t *testing.T) {
	words := rapid.SliceOfN(rapid.StringMatching(`[A-ZÆØÅÉÜ][a-zæøåéüłß]{1,11}`), 2, 5)
	rapid.Check(t, func(t *rapid.T) {
		name := words.Draw(t, "name")
		l := list(t, fmt.Sprintf("A,SANCTION,%s,1970-02-03,x", strings.Join(name, " ")))
		other := rapid.Permutation(name).Draw(t, "order")
		cut := rapid.IntRange(0, len(other)).Draw(t, "cut")
		given, family := strings.Join(other[:cut], rapid.SampledFrom([]string{" ", "-", "  "}).Draw(t, "gap")), strings.Join(other[cut:], " ")
		switch rapid.IntRange(0, 3).Draw(t, "way") {
		case 0:
			given, family = strings.ToUpper(given), strings.ToLower(family)
		case 1:
			given = strings.NewReplacer("é", "e", "ü", "u", "ø", "o", "å", "a", "æ", "ae", "ł", "l").Replace(given)
		case 2:
			family = norm.NFD.String(family)
		}
		if got := screen(l, given, family, "1970-02-03"); got != "A HIT" {
			t.Fatalf("%q %q: %q", given, family, got)
		}
		// One letter wrong in a long word is still looked at.
		for i, word := range name {
			if r := []rune(word); len(r) >= 5 && r[2] < unicode.MaxASCII { // ß and æ are two letters when they are folded
				r[2] = 'x'
				wrong := append([]string{}, name...)
				wrong[i] = string(r)
				if got := screen(l, "", strings.Join(wrong, " "), "1970-02-03"); got == "" {
					t.Fatalf("%q: nobody looks", wrong)
				}
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head + "A,SANCTION,Ola Nordmann,1970,x\n"))
	f.Add([]byte("#version,\"\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := Parse(raw)
		if (l == nil) == (err == nil) {
			t.Fatal("neither a list nor an error")
		}
		if l != nil {
			l.Screen(Person{GivenName: string(raw), Birthdate: day("1970-01-01")}, near)
		}
	})
}
