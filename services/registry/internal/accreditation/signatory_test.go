package accreditation

import (
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func sig(name, role, right string) Signature {
	return Signature{Name: name, Role: role, AuthorisedBy: right, At: now.Add(time.Hour)}
}

func TestSignatureCountsByWhoIsRegisteredAndNeverByWhoIsNearly(t *testing.T) {
	a := accredited(t)
	for name, s := range map[string]Signature{
		"as registered":      sig("Kari Nordmann", "HR manager", kari.Right),
		"no right named":     sig("Kari Nordmann", "HR manager", ""),
		"case and spaces":    sig("  KARI   nordmann ", "hr Manager", ""),
		"at once":            {Name: "Kari Nordmann", Role: "HR manager", At: now},
		"non-breaking space": sig("Kari\u00a0Nordmann", "HR manager", ""),
	} {
		if by, err := a.MaySign(s); err != nil || by != (Authority{Employer, kari.Right}) {
			t.Errorf("%s: %+v %v", name, by, err)
		}
	}
	for name, c := range map[string]struct {
		s    Signature
		rule string
	}{
		"another name":       {sig("Kari Nordman", "HR manager", ""), "signatory.unknown"},
		"part of the name":   {sig("Kari", "HR manager", ""), "signatory.unknown"},
		"names run together": {sig("KariNordmann", "HR manager", ""), "signatory.unknown"},
		"no name":            {sig("", "HR manager", ""), "signatory.unknown"},
		"cyrillic a (38)":    {sig("K\u0430ri Nordmann", "HR manager", ""), "signatory.unknown"},
		"zero width (38)":    {sig("Kari\u200b Nordmann", "HR manager", ""), "signatory.unknown"},
		"right to left (38)": {sig("\u202eKari Nordmann", "HR manager", ""), "signatory.unknown"},
		"full width (38)":    {sig("\uff2bari Nordmann", "HR manager", ""), "signatory.unknown"},
		"another role":       {sig("Kari Nordmann", "Managing director", ""), "signatory.unknown"},
		"no role":            {sig("Kari Nordmann", "", ""), "signatory.unknown"},
		"another right":      {sig("Kari Nordmann", "HR manager", "urn:altinn:resource:other"), "signatory.right"},
		"before accreditation": {Signature{Name: "Kari Nordmann", Role: "HR manager", At: now.Add(-time.Microsecond)},
			"signatory.not-accredited"},
		"after its last day": {Signature{Name: "Kari Nordmann", Role: "HR manager", At: now.AddDate(4, 0, 0)}, "signatory.not-accredited"},
	} {
		if by, err := a.MaySign(c.s); fault.KindOf(err) != fault.Denied || fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %+v %v", name, by, err)
		}
	}
	if _, err := ready(t).MaySign(sig("Kari Nordmann", "HR manager", "")); fault.RuleOf(err) != "signatory.not-accredited" {
		t.Error("signs while pending", err)
	}
	if _, err := a.Suspend(by("OTHER")); err != nil {
		t.Fatal(err)
	}
	if _, err := a.MaySign(sig("Kari Nordmann", "HR manager", "")); fault.RuleOf(err) != "signatory.not-accredited" {
		t.Error("signs while suspended", err)
	}
}

// A proof says whole seconds, the registry's clock microseconds.
func TestSignatureIsJudgedByTheEndOfItsSecond(t *testing.T) {
	second := now.Add(time.Hour)
	figures, err := LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	begin := second.Add(400 * time.Millisecond)
	a, err := Apply(application(), Decision{By: "x", At: begin})
	if err != nil {
		t.Fatal(err)
	}
	e := sound()
	e.At = begin
	a.Look(e, figures.On(begin))
	for _, c := range []Criterion{TaxArrears, Sanctions} {
		if err := a.Attest(Attestation{Criterion: c, Met: true, By: "x", At: begin}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Accredit(figures.On(begin), Decision{By: "x", At: begin}); err != nil {
		t.Fatal(err)
	}
	check := func(when string, at time.Time, want bool) {
		t.Helper()
		if _, err := a.MaySign(Signature{Name: kari.Name, Role: kari.Role, At: at}); (err == nil) != want {
			t.Errorf("%s: %v", when, err)
		}
	}
	check("in the second of the accreditation", second, true)
	check("in the second before", second.Add(-time.Second), false)
	check("just before, to the microsecond", begin.Add(-time.Microsecond), false)
	d := by("OTHER")
	d.At = second.Add(5*time.Second + 100*time.Millisecond)
	if _, err := a.Suspend(d); err != nil {
		t.Fatal(err)
	}
	check("in the second of the suspension", second.Add(5*time.Second), false)
	check("just before the suspension, to the microsecond", d.At.Add(-time.Microsecond), true)
	check("in the second before the suspension", second.Add(4*time.Second), true)
}

func TestNamesAreComposedBeforeTheyAreCompared(t *testing.T) {
	for _, pair := range [][2]string{
		{"Åse Sørensen", "A\u030ase Sørensen"}, {"ÅSE", "åse"}, {"Straße", "STRASSE"}, {"José", "Jose\u0301"}, {"ÉMILE", "e\u0301mile"},
	} {
		if !Same(pair[0], pair[1]) {
			t.Errorf("%q and %q are two", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"Åse", "Ase"}, {"Sørensen", "Sorensen"}, {"José", "Jose"}, {"", ""}, {" ", " "}, {"O’Brien", "O'Brien"}} {
		if Same(pair[0], pair[1]) {
			t.Errorf("%q and %q are one", pair[0], pair[1])
		}
	}
}

func TestSignatoriesComeAndGo(t *testing.T) {
	a := accredited(t)
	later, latest := now.Add(24*time.Hour+time.Millisecond), now.Add(48*time.Hour+time.Millisecond)
	ola := Signatory{Name: "Ola Hansen", Role: "Head of department", Right: "r"}
	if err := a.EndSignatory("Kari Nordmann", "HR manager", later); fault.RuleOf(err) != "accreditation.last-signatory" {
		t.Error(err)
	}
	if changed, err := a.AddSignatory(ola, later); !changed || err != nil {
		t.Fatal(err)
	}
	if changed, err := a.AddSignatory(ola, latest); changed || err != nil {
		t.Error("registered twice", err)
	}
	if err := a.EndSignatory("ola hansen", "head of Department", latest); err != nil {
		t.Error(err)
	}
	if err := a.EndSignatory("Ola Hansen", "Head of department", latest); fault.RuleOf(err) != "accreditation.no-signatory" {
		t.Error(err)
	}
	for at, want := range map[time.Time]bool{later.Add(-1): false, later: true, latest.Add(-1): true, latest: false} {
		if _, err := a.MaySign(Signature{Name: "Ola Hansen", Role: "Head of department", At: at}); (err == nil) != want {
			t.Errorf("at %v: %v", at, err)
		}
	}
	other := kari
	other.Right = "urn:altinn:resource:other"
	if changed, err := a.AddSignatory(other, latest); !changed || err != nil {
		t.Fatal(err)
	}
	for at, right := range map[time.Time]string{later: kari.Right, latest: other.Right} {
		if by, err := a.MaySign(Signature{Name: kari.Name, Role: kari.Role, At: at}); err != nil || by.Name != right {
			t.Errorf("at %v: %+v %v", at, by, err)
		}
	}
	if _, err := a.AddSignatory(Signatory{Name: "x"}, now); fault.RuleOf(err) != "accreditation.signatory" {
		t.Error(err)
	}
	if err := applied(t).EndSignatory("Kari Nordmann", "HR manager", later); err != nil {
		t.Error("an application may name nobody for a while", err)
	}
}

func TestHolderOfASigningRoleSigns(t *testing.T) {
	p := parameters(t)
	holders := []RoleHolder{
		{Role: "DAGL", Name: "Per Direktør", Changed: now}, {Role: "LEDE", Name: "Anne Leder"}, {Role: "MEDL", Name: "Mia Medlem"},
		{Role: "REVI", Name: "Rolf Revisor"}, {Role: "INNH", Name: "Ine Eier"},
	}
	for name, c := range map[string]struct {
		s    Signature
		want string
	}{
		"managing director":            {sig("per direktør", "Daglig leder", ""), "DAGL"},
		"in nynorsk":                   {sig("Per Direktør", "dagleg leiar", ""), "DAGL"},
		"in English":                   {sig("Per Direktør", "Managing director", "urn:altinn:resource:kompetansespor-issue"), "DAGL"},
		"chair":                        {sig("Anne Leder", "Styrets leder", ""), "LEDE"},
		"owner":                        {sig("Ine Eier", "Innehaver", ""), "INNH"},
		"member of the board":          {sig("Mia Medlem", "MEDL", ""), ""},
		"auditor":                      {sig("Rolf Revisor", "REVI", ""), ""},
		"chair as director":            {sig("Anne Leder", "Daglig leder", ""), ""},
		"director as HR manager":       {sig("Per Direktør", "HR manager", ""), ""},
		"nearly":                       {sig("Per Direktor", "Daglig leder", ""), ""},
		"before the register's change": {Signature{Name: "Per Direktør", Role: "Daglig leder", At: now.Add(-time.Second)}, ""},
	} {
		by, err := HeldRole(holders, c.s, p)
		if c.want == "" && fault.RuleOf(err) != "signatory.unknown" || c.want != "" && (err != nil || by != (Authority{Enhetsregisteret, c.want})) {
			t.Errorf("%s: %+v %v", name, by, err)
		}
	}
}

func TestHistoryAnswersWhetherItWasInForceOnADay(t *testing.T) {
	a, p := accredited(t), parameters(t)
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	d := by("OTHER")
	d.At = noon
	if _, err := a.Suspend(d); err != nil {
		t.Fatal(err)
	}
	d.At = noon.AddDate(0, 0, 2)
	e := sound()
	e.At = d.At
	a.Look(e, p)
	if _, err := a.Reinstate(p, d); err != nil {
		t.Fatal(err)
	}
	date := func(day int) time.Time { return time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC) }
	for day, want := range map[int][]Period{
		1: {{date(1), date(2)}}, 2: {{date(2), noon}}, 3: nil, 4: {{d.At, date(5)}}, 5: {{date(5), date(6)}},
	} {
		if got := a.InForceBetween(date(day), date(day+1)); !slices.Equal(got, want) {
			t.Errorf("on March %d: %v, want %v", day, got, want)
		}
	}
	if got := a.InForceBetween(now.AddDate(-1, 0, 0), now.AddDate(9, 0, 0)); len(got) != 2 || !got[0].From.Equal(now) || !got[1].Until.Equal(a.End()) {
		t.Error(got)
	}
	if a.StateAt(now.Add(-1)) != "" || a.StateAt(noon) != Suspended || a.StateAt(noon.Add(-1)) != Accredited {
		t.Error("wrong")
	}
}
