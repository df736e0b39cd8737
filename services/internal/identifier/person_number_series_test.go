package identifier

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var born1990 = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// The published examples come out of the series in their order.
func TestSeriesHoldTheExamplesOfEachWorldAndRule(t *testing.T) {
	for _, c := range []struct {
		series Series
		want   []string
	}{
		{Series{Kind: BirthNumber, World: Tenor}, []string{"01819020074", "01819020155", "01819020236"}},
		{Series{Kind: DNumber, World: Tenor}, []string{"41819020068", "41819020149", "41819020300"}},
		{Series{Kind: BirthNumber, World: Dolly}, []string{"01419020091", "01419020172", "01419020253"}},
		{Series{Kind: DNumber, World: Dolly}, []string{"41419020085", "41419020166", "41419020247"}},
		{Series{Kind: BirthNumber, Rule: ControlFrom2032}, []string{"01819020074", "01819020082", "01819020260"}},
		{Series{Kind: DNumber, Rule: ControlFrom2032}, []string{"41819020068", "41819020084"}},
	} {
		c.series.Birth = born1990
		var all []string
		for candidate := range c.series.Numbers() {
			if candidate.DateDeviates {
				break
			}
			all = append(all, candidate.Number)
		}
		last := -1
		for _, want := range c.want {
			at := slices.Index(all, want)
			if at <= last {
				t.Errorf("%+v: %s stands at %d, after %d", c.series, want, at, last)
			}
			last = at
		}
		// Until 2032 a day has about 10/11 of 10/11 of its individual numbers;
		// from then on up to four of each.
		few, many := 400, 600
		if c.series.Rule == ControlFrom2032 {
			few, many = 3000, 4000
		}
		if len(all) < few || len(all) > many {
			t.Errorf("%+v: a day has %d numbers", c.series, len(all))
		}
	}
}

func TestRuleFrom2032GivesNumbersThatTheOlderOneRefuses(t *testing.T) {
	until, from, both := 0, 0, 0
	for c := range (Series{Kind: BirthNumber, Birth: born1990, Rule: ControlFrom2032}).Numbers() {
		if c.DateDeviates {
			break
		}
		if _, err := CheckPersonNumber(c.Number, Synthetic, ControlFrom2032); err != nil {
			t.Fatalf("%s: %v", c.Number, err)
		}
		if _, err := CheckPersonNumber(c.Number, Synthetic, ControlUntil2032); err == nil {
			both++
			if from > 0 {
				t.Fatalf("%s comes after numbers that old readers refuse", c.Number)
			}
			continue
		}
		from++
	}
	for c := range (Series{Kind: BirthNumber, Birth: born1990}).Numbers() {
		if c.DateDeviates {
			break
		}
		until++
	}
	if both <= until || from < 2*both {
		t.Errorf("%d numbers for old readers (until 2032: %d), %d for new ones only", both, until, from)
	}
}

func TestYearsWithoutNumbers(t *testing.T) {
	year := func(y int) time.Time { return time.Date(y, 6, 1, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		year int
		rule ControlRule
		bad  bool
	}{
		{1853, ControlUntil2032, true}, {1854, ControlUntil2032, false}, {2039, ControlUntil2032, false}, {2040, ControlUntil2032, true},
		{1853, ControlFrom2032, true}, {2040, ControlFrom2032, false},
	} {
		rule := ""
		if c.bad {
			rule = "identifier.person-number-birth-year"
		}
		refused(t, year(c.year).String(), Series{Birth: year(c.year), Rule: c.rule}.Check(), rule)
	}
}

func TestIndividualNumbersUntil2032(t *testing.T) {
	for _, c := range []struct {
		year        int
		first, last string
	}{{1854, "500", "749"}, {1899, "500", "749"}, {1900, "000", "499"}, {1939, "000", "499"}, {1940, "000", "999"}, {1999, "000", "999"}, {2000, "500", "999"}, {2039, "500", "999"}} {
		lowest, highest, between := "999", "000", 0
		for n := range (Series{Kind: BirthNumber, Birth: time.Date(c.year, 3, 3, 0, 0, 0, 0, time.UTC)}).Numbers() {
			if n.DateDeviates {
				break
			}
			individual := n.Number[6:9]
			lowest, highest = min(lowest, individual), max(highest, individual)
			if individual >= "500" && individual <= "899" {
				between++
			}
		}
		near := func(a, b string) bool { return max(number(a), number(b))-min(number(a), number(b)) <= 4 }
		if !near(lowest, c.first) || !near(highest, c.last) {
			t.Errorf("%d: %s to %s", c.year, lowest, highest)
		}
		if (between > 0) == (c.year >= 1900 && c.year <= 1999) {
			t.Errorf("%d: %d numbers from 500 to 899", c.year, between)
		}
	}
}

// drawn is a number that a series holds.
func drawn(t *rapid.T) (string, Series) {
	s := Series{
		Kind:  rapid.SampledFrom([]PersonNumberKind{BirthNumber, DNumber}).Draw(t, "kind"),
		Birth: time.Date(rapid.IntRange(1854, 2039).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 31).Draw(t, "day"), 0, 0, 0, 0, time.UTC),
		Sex:   rapid.IntRange(0, 9).Draw(t, "sex"),
		Rule:  rapid.SampledFrom([]ControlRule{ControlUntil2032, ControlFrom2032}).Draw(t, "rule"),
		World: rapid.SampledFrom([]World{Tenor, Dolly}).Draw(t, "world"),
	}
	n := rapid.IntRange(0, 80).Draw(t, "n")
	for c := range s.Numbers() {
		if n == 0 {
			return c.Number, s
		}
		n--
	}
	t.Fatal("a series has fewer than 80 numbers")
	return "", s
}

func TestWhatIsMadeIsValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, s := drawn(t)
		if kind, err := CheckPersonNumber(number, Synthetic, s.Rule); err != nil || kind != s.Kind {
			t.Fatalf("%s: %s %v", number, kind, err)
		}
		if _, err := CheckPersonNumber(number, Production, s.Rule); err == nil {
			t.Fatalf("%s passes in production", number)
		}
		// Every number that was ever issued stays valid under the later rule.
		if _, err := CheckPersonNumber(number, Synthetic, ControlFrom2032); err != nil {
			t.Fatalf("%s does not stay valid: %v", number, err)
		}
	})
}

func TestOneChangedDigitOrTwoExchangedAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, s := drawn(t)
		wrong := []byte(number)
		at := rapid.IntRange(0, 10).Draw(t, "at")
		if rapid.Bool().Draw(t, "exchange") && at < 10 {
			wrong[at], wrong[at+1] = wrong[at+1], wrong[at]
		} else {
			wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		}
		if string(wrong) == number {
			return
		}
		for _, rule := range []ControlRule{s.Rule, ControlFrom2032} {
			if _, err := CheckPersonNumber(string(wrong), Synthetic, rule); err == nil {
				t.Fatalf("%s passes for %s", wrong, number)
			}
		}
	})
}

func TestOtherNumbersFindOneChangedDigit(t *testing.T) {
	organisation := func(serial int) string {
		s := "3" + padded(serial%10_000_000, 7)
		c, ok := mod11(weighted(s, organisationWeights))
		if !ok {
			return ""
		}
		return s + string(c)
	}
	rapid.Check(t, func(t *rapid.T) {
		serial := rapid.IntRange(0, 999_999).Draw(t, "serial")
		duf, err := NewDUF(rapid.IntRange(1990, 2040).Draw(t, "year"), serial)
		if err != nil {
			t.Fatal(err)
		}
		bban, _ := NewBBAN("9999", serial)
		iban := ""
		if bban != "" {
			if iban, err = IBAN(bban); err != nil {
				t.Fatal(err)
			}
		}
		mrz := "1234567897USA9001011F3301018<<<<<<<<<<<<<<<2"
		for what, c := range map[string]struct {
			number string
			at     []int // the digits that may be changed
			valid  func(string) bool
		}{
			"organisation number": {organisation(serial), upTo(0, 9), func(s string) bool { return CheckOrganisationNumber(s, Synthetic) == nil }},
			"DUF number":          {duf, upTo(0, 12), func(s string) bool { _, ok, err := ParseDUF(s); return err == nil && ok }},
			"account":             {bban, upTo(0, 11), func(s string) bool { _, err := ParseBBAN(s); return err == nil }},
			"IBAN":                {iban, upTo(2, 15), func(s string) bool { _, err := ParseIBAN(s); return err == nil }},
			"passport zone":       {mrz, append(append(upTo(0, 10), upTo(13, 20)...), upTo(21, 28)...), func(s string) bool { return CheckMRZ("P<USA"+string(make39()), s) == nil }},
		} {
			if c.number == "" {
				continue
			}
			if !c.valid(c.number) {
				t.Fatalf("%s %s is refused", what, c.number)
			}
			at := rapid.SampledFrom(c.at).Draw(t, "at")
			wrong := []byte(c.number)
			wrong[at] = '0' + (wrong[at]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
			if c.valid(string(wrong)) {
				t.Fatalf("%s %s passes for %s", what, wrong, c.number)
			}
		}
	})
}

func upTo(from, to int) []int {
	var all []int
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

func make39() []byte {
	line := make([]byte, 39)
	for i := range line {
		line[i] = '<'
	}
	return line
}

func padded(n, width int) string {
	s := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		s[i], n = byte('0'+n%10), n/10
	}
	return string(s)
}

func TestDateDigitsAreComparedAndNeverRead(t *testing.T) {
	for _, c := range []struct {
		number, birthdate string
		want              bool
	}{
		{"01819020074", "1990-01-01", true}, {"41819020068", "1990-01-01", true}, {"01419020091", "1990-01-01", true}, {"41419020085", "1990-01-01", true},
		{"02013299997", "1932-01-02", true}, {"02013299997", "2032-01-02", true}, // the century is not there to be read
		{"01819020074", "1990-01-02", false}, {"01819020074", "1990-02-01", false}, {"01819020074", "1991-01-01", false},
		{"01819020074", "1990", false}, {"0181902007", "1990-01-01", false}, {"", "", false},
	} {
		if got := DatePartIs(c.number, c.birthdate); got != c.want {
			t.Errorf("%s and %s: %v", c.number, c.birthdate, got)
		}
	}
}
