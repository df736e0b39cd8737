package identifier

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPersonNumberVectors(t *testing.T) {
	for _, c := range []struct {
		number string
		mode   Mode
		rule   ControlRule
		kind   PersonNumberKind
		fault  string
	}{
		// The tax administration's own vectors for the rule from 2032.
		{"02013299997", Production, ControlFrom2032, BirthNumber, ""},
		{"30108299920", Production, ControlFrom2032, BirthNumber, ""},
		{"30108299939", Production, ControlFrom2032, BirthNumber, ""},
		{"02013299997", Production, ControlUntil2032, BirthNumber, ""}, // remainder 0
		{"30108299920", Production, ControlUntil2032, BirthNumber, ""},
		{"30108299939", Production, ControlUntil2032, "", "identifier.person-number-check-digit"}, // remainder 1
		{"20914695016", Synthetic, ControlUntil2032, BirthNumber, ""},                             // ID-porten's test user
		{"01819020074", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"01819020155", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"01819020236", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"41819020068", Synthetic, ControlUntil2032, DNumber, ""},
		{"41819020149", Synthetic, ControlUntil2032, DNumber, ""},
		{"41819020300", Synthetic, ControlUntil2032, DNumber, ""},
		{"01419020091", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"01419020172", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"01419020253", Synthetic, ControlUntil2032, BirthNumber, ""},
		{"41419020085", Synthetic, ControlUntil2032, DNumber, ""},
		{"41419020166", Synthetic, ControlUntil2032, DNumber, ""},
		{"41419020247", Synthetic, ControlUntil2032, DNumber, ""},
		{"01819020082", Synthetic, ControlFrom2032, BirthNumber, ""}, // remainder 1
		{"41819020084", Synthetic, ControlFrom2032, DNumber, ""},     // remainder 2
		{"01819020260", Synthetic, ControlFrom2032, BirthNumber, ""}, // remainder 3
		{"01819020082", Synthetic, ControlUntil2032, "", "identifier.person-number-check-digit"},
		{"41819020084", Synthetic, ControlUntil2032, "", "identifier.person-number-check-digit"},
		{"01819020260", Synthetic, ControlUntil2032, "", "identifier.person-number-check-digit"},
		// Each world refuses the other's numbers.
		{"01819020074", Production, ControlUntil2032, "", "identifier.person-number-world"},
		{"41419020085", Production, ControlUntil2032, "", "identifier.person-number-world"},
		{"02013299997", Synthetic, ControlUntil2032, "", "identifier.person-number-world"},
		{"01539020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"},
		{"01939020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"},
		{"00819020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"},
		{"32819020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"},
		{"72819020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"},
		{"29829020074", Synthetic, ControlUntil2032, "", "identifier.person-number-date"}, // no leap year
		{"01819020075", Synthetic, ControlUntil2032, "", "identifier.person-number-check-digit"},
		{"0181902007", Synthetic, ControlUntil2032, "", "identifier.person-number-format"},
		{"018190200744", Synthetic, ControlUntil2032, "", "identifier.person-number-format"},
		{"", Synthetic, ControlUntil2032, "", "identifier.person-number-format"},
	} {
		kind, err := CheckPersonNumber(c.number, c.mode, c.rule)
		refused(t, c.number, err, c.fault)
		if kind != c.kind {
			t.Errorf("%s is %q", c.number, kind)
		}
	}
}

func TestControlRuleChangesIn2032(t *testing.T) {
	last := time.Date(2031, 12, 31, 23, 59, 59, 0, time.UTC)
	if ControlRuleAt(last) != ControlUntil2032 || ControlRuleAt(last.Add(time.Second)) != ControlFrom2032 {
		t.Error("the rule does not change on 1 January 2032")
	}
}

func TestCandidatesHoldTheKnownNumbers(t *testing.T) {
	birth := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	for kind, want := range map[PersonNumberKind][]string{
		BirthNumber: {"01819020074", "01819020155", "01819020236"},
		DNumber:     {"41819020068", "41819020149", "41819020300"},
	} {
		all := map[string]int{}
		for n := range 400 {
			c, err := NewPersonNumber(kind, birth, 0, n)
			if err != nil {
				t.Fatal(err)
			}
			if _, twice := all[c.Number]; twice || c.DateDeviates {
				t.Fatalf("candidate %d repeats or deviates", n)
			}
			all[c.Number] = n
		}
		first := all[want[0]]
		for i, number := range want {
			if n, ok := all[number]; !ok || n != first+i {
				t.Errorf("%s stands at %d, want %d", number, n, first+i)
			}
		}
	}
}

func TestCandidatesGoOnWhenADayIsUsedUp(t *testing.T) {
	birth := time.Date(1920, 2, 28, 0, 0, 0, 0, time.UTC)
	seen := map[string]bool{}
	deviates := 0
	for n := range 600 {
		c, err := NewPersonNumber(BirthNumber, birth, SexFemale, n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := CheckPersonNumber(c.Number, Synthetic, ControlUntil2032); err != nil || seen[c.Number] {
			t.Fatalf("candidate %d: %v", n, err)
		}
		seen[c.Number] = true
		if c.DateDeviates != (c.Number[:6] != "288220") {
			t.Fatalf("candidate %d says deviates %v", n, c.DateDeviates)
		}
		if c.DateDeviates {
			deviates++
		}
	}
	if deviates == 0 {
		t.Error("600 numbers fitted one day")
	}
	_, err := NewPersonNumber(BirthNumber, birth, SexFemale, 1_000_000)
	refused(t, "a million", err, "identifier.person-number-exhausted")
	_, err = NewPersonNumber(BirthNumber, time.Date(1853, 1, 1, 0, 0, 0, 0, time.UTC), 0, 0)
	refused(t, "1853", err, "identifier.person-number-birth-year")
}

func TestEveryCandidateIsValidAndStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := time.Date(rapid.IntRange(1900, 2039).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")), rapid.IntRange(1, 28).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
		kind := rapid.SampledFrom([]PersonNumberKind{BirthNumber, DNumber}).Draw(t, "kind")
		sex, n := rapid.IntRange(1, 3).Draw(t, "sex"), rapid.IntRange(0, 150).Draw(t, "n")
		c, err := NewPersonNumber(kind, birth, sex, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range []ControlRule{ControlUntil2032, ControlFrom2032} {
			if got, err := CheckPersonNumber(c.Number, Synthetic, rule); err != nil || got != kind {
				t.Fatalf("%v %v", got, err)
			}
		}
		if _, err := CheckPersonNumber(c.Number, Production, ControlUntil2032); err == nil {
			t.Fatal("a synthetic number passes in production")
		}
		if again, _ := NewPersonNumber(kind, birth, sex, n); again != c {
			t.Fatal("the sequence is not stable")
		}
		if odd := (c.Number[8]-'0')%2 == 1; sex == SexFemale && odd || sex == SexMale && !odd {
			t.Fatal("the individual number does not fit the sex")
		}
	})
}

func FuzzCheckPersonNumber(f *testing.F) {
	f.Add("01819020074")
	f.Add("٠١٨١٩٠٢٠٠٧٤")
	f.Add("\x00")
	f.Fuzz(func(t *testing.T, s string) {
		for _, mode := range []Mode{Production, Synthetic} {
			kind, err := CheckPersonNumber(s, mode, ControlFrom2032)
			if (err == nil) == (kind == "") {
				t.Fatal("a kind without validity, or the reverse")
			}
		}
		_, _, _ = ParseDUF(s)
		_, _ = ParseIBAN(s)
		_, _ = ParsePhone(s)
		_ = CheckEmail(s)
		_ = CheckMRZ(s, s)
	})
}
