package population

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

const (
	fnr = identifier.BirthNumber
	dno = identifier.DNumber
)

func TestWhoIsKnownIsToldFromWhoMayBe(t *testing.T) {
	for name, c := range map[string]struct {
		wanted  identifier.PersonNumberKind
		matches []Match
		want    Verdict
	}{
		"nobody":                        {fnr, nil, Verdict{Assign: true}},
		"born the same day":             {fnr, []Match{{Person: "a", Birth: true, Kind: fnr}}, Verdict{Assign: true}},
		"of the same name":              {fnr, []Match{{Person: "a", Name: true, Kind: fnr}}, Verdict{Assign: true}},
		"name and birth":                {fnr, []Match{{Person: "a", Name: true, Birth: true, Kind: fnr}}, Verdict{Queued: registration.PossibleDuplicate}},
		"passport and birth":            {fnr, []Match{{Person: "a", Passport: true, Birth: true, Kind: fnr}}, Verdict{Person: "a"}},
		"passport, another birth":       {fnr, []Match{{Person: "a", Passport: true, Kind: fnr}}, Verdict{Queued: registration.PossibleDuplicate}},
		"DUF of another":                {fnr, []Match{{Person: "a", DUF: true, Kind: fnr}}, Verdict{Queued: registration.DUFInUse}},
		"DUF of another, born the same": {fnr, []Match{{Person: "a", DUF: true, Birth: true, Kind: fnr}}, Verdict{Queued: registration.DUFInUse}},
		"DUF, name and birth":           {dno, []Match{{Person: "a", DUF: true, Name: true, Birth: true, Kind: dno}}, Verdict{Person: "a"}},
		"own D-number for resident":     {fnr, []Match{{Person: "a", Number: true, Birth: true, Kind: dno}}, Verdict{Person: "a", Assign: true}},
		"own number, another birth":     {fnr, []Match{{Person: "a", Number: true, Kind: dno}}, Verdict{Queued: registration.PossibleDuplicate}},
		"resident asks for a D-number":  {dno, []Match{{Person: "a", Passport: true, Birth: true, Kind: fnr}}, Verdict{Person: "a"}},
		"D-number becomes resident":     {fnr, []Match{{Person: "a", Passport: true, Birth: true, Kind: dno}}, Verdict{Person: "a", Assign: true}},
		"two of them": {fnr, []Match{
			{Person: "a", Passport: true, Birth: true, Kind: fnr}, {Person: "b", DUF: true, Name: true, Birth: true, Kind: dno},
		}, Verdict{Queued: registration.PossibleDuplicate}},
		"one, and another who may be": {fnr, []Match{
			{Person: "a", Passport: true, Birth: true, Kind: fnr}, {Person: "b", Name: true, Birth: true, Kind: fnr},
		}, Verdict{Queued: registration.PossibleDuplicate}},
		"DUF in use counts first": {fnr, []Match{
			{Person: "a", Name: true, Birth: true, Kind: fnr}, {Person: "b", DUF: true, Kind: fnr},
		}, Verdict{Queued: registration.DUFInUse}},
	} {
		if got := Judge(c.wanted, c.matches); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestVerdictDoesNotDependOnTheOrderAndGivesNobodyASecondNumberOfAKind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		matches := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Match {
			b := rapid.Bool()
			return Match{
				Person: rapid.StringMatching(`[a-z]{8}`).Draw(t, "person"), Name: b.Draw(t, "name"), Birth: b.Draw(t, "birth"), Passport: b.Draw(t, "passport"),
				DUF: b.Draw(t, "duf"), Number: b.Draw(t, "number"), Kind: rapid.SampledFrom([]identifier.PersonNumberKind{fnr, dno}).Draw(t, "kind"),
			}
		}), 0, 5).Draw(t, "matches")
		wanted := rapid.SampledFrom([]identifier.PersonNumberKind{fnr, dno}).Draw(t, "wanted")
		got := Judge(wanted, matches)
		if again := Judge(wanted, rapid.Permutation(matches).Draw(t, "shuffled")); again != got {
			t.Fatalf("%+v, in another order %+v", got, again)
		}
		if got.Queued != "" && (got.Assign || got.Person != "") {
			t.Fatalf("queued and decided: %+v", got)
		}
		if !got.Assign {
			return
		}
		for _, m := range matches {
			if m.doubtful() && (m.Person != got.Person || !Upgrades(m.Kind, wanted)) {
				t.Fatalf("%+v gets a number beside %+v", got, m)
			}
		}
	})
}

func TestNamesAreComparedAsTheRegisterWritesThem(t *testing.T) {
	same := [][2]string{{"Łukasz", "Wałęsa"}, {"LUKASZ", "Walesa"}, {"Lu-kasz", "Wa lesa"}}
	first, err := Key(same[0][0], same[0][1])
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range same {
		if got, err := Key(n[0], n[1]); err != nil || got != first {
			t.Errorf("%v gives %q, %v", n, got, err)
		}
	}
	if other, _ := Key("Lukas", "Zwalesa"); other == first {
		t.Error("the border between the names does not count")
	}
	if _, err := Key("Иван", "Wałęsa"); err == nil {
		t.Error("another script is compared")
	}
}
