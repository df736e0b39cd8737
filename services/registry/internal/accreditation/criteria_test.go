package accreditation

import (
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// found is what is known of one criterion of an application that is otherwise
// in order.
func found(t *testing.T, c Criterion, change func(*Entity, *Accreditation)) Finding {
	t.Helper()
	a, e := ready(t), sound()
	change(&e, a)
	a.Look(e, parameters(t))
	for _, f := range a.Findings(parameters(t), now) {
		if f.Criterion == c {
			return f
		}
	}
	t.Fatalf("nothing is said of %s", c)
	return Finding{}
}

func TestEachCriterionIsJudgedByItsSource(t *testing.T) {
	entity := func(f func(*Entity)) func(*Entity, *Accreditation) {
		return func(e *Entity, _ *Accreditation) { f(e) }
	}
	public := func(e *Entity) { e.SectorCode, e.InBusinessRegister, e.InVATRegister = "6100", ptr(false), ptr(false) }
	attest := func(at Attestation) func(*Entity, *Accreditation) {
		return func(_ *Entity, a *Accreditation) {
			at.By, at.At = "officer-2", now
			if err := a.Attest(at); err != nil {
				t.Fatal(err)
			}
		}
	}
	nothing := func(*Entity, *Accreditation) {}
	blank := func(f func(*Accreditation)) func(*Entity, *Accreditation) {
		return func(_ *Entity, a *Accreditation) { f(a) }
	}
	months := func(n int) time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, -n, 0) }
	for _, c := range []struct {
		criterion Criterion
		name      string
		change    func(*Entity, *Accreditation)
		verdict   Verdict
		code      string
		source    Source
	}{
		{Registered, "in order", nothing, Met, "REGISTERED", Enhetsregisteret},
		{Registered, "bankrupt", entity(func(e *Entity) { e.Bankrupt = ptr(true) }), NotMet, "BANKRUPT", Enhetsregisteret},
		{Registered, "dissolving", entity(func(e *Entity) { e.Dissolving = ptr(true) }), NotMet, "DISSOLVING", Enhetsregisteret},
		{Registered, "by force", entity(func(e *Entity) { e.ForcedDissolution = ptr(true) }), NotMet, "FORCED_DISSOLUTION", Enhetsregisteret},
		{Registered, "deleted", entity(func(e *Entity) { e.Existence = Deleted }), NotMet, "DELETED", Enhetsregisteret},
		{Registered, "never there", entity(func(e *Entity) { e.Existence = Nowhere }), NotMet, "NOT_REGISTERED", Enhetsregisteret},
		{Registered, "konkurs is not said", entity(func(e *Entity) { e.Bankrupt = nil }), Unknown, "REGISTER_SILENT", Enhetsregisteret},
		{Registered, "avvikling is not said", entity(func(e *Entity) { e.Dissolving = nil }), Unknown, "REGISTER_SILENT", Enhetsregisteret},
		{Registered, "tvang is not said", entity(func(e *Entity) { e.ForcedDissolution = nil }), Unknown, "REGISTER_SILENT", Enhetsregisteret},
		{Registered, "bankrupt, the rest is not said", entity(func(e *Entity) { e.Bankrupt, e.Dissolving = ptr(true), nil }), NotMet, "BANKRUPT", Enhetsregisteret},
		{Registered, "asked a day ago", entity(func(e *Entity) { e.At = now.Add(-24 * time.Hour) }), Met, "REGISTERED", Enhetsregisteret},
		{Registered, "asked longer ago", entity(func(e *Entity) { e.At = now.Add(-24*time.Hour - time.Second) }), Unknown, "REGISTER_ANSWER_OLD", Enhetsregisteret},

		{Employees, "as many as needed", entity(func(e *Entity) { e.Employees = ptr(10) }), Met, "ENOUGH_EMPLOYEES", Enhetsregisteret},
		{Employees, "one too few", entity(func(e *Entity) { e.Employees = ptr(9) }), NotMet, "TOO_FEW_EMPLOYEES", Enhetsregisteret},
		{Employees, "not stated", entity(func(e *Entity) { e.Employees = nil }), Unknown, "EMPLOYEES_NOT_STATED", Enhetsregisteret},
		{Employees, "deleted", entity(func(e *Entity) { e.Existence = Deleted }), NotMet, "DELETED", Enhetsregisteret},

		{BusinessAndAa, "a business", nothing, Met, "BUSINESS_AND_EMPLOYER", Enhetsregisteret},
		{BusinessAndAa, "no business", entity(func(e *Entity) { e.InBusinessRegister = ptr(false) }), NotMet, "NOT_IN_BUSINESS_REGISTER", Enhetsregisteret},
		{BusinessAndAa, "not said", entity(func(e *Entity) { e.InBusinessRegister = nil }), Unknown, "REGISTER_SILENT", Enhetsregisteret},
		{BusinessAndAa, "nobody employed", entity(func(e *Entity) { e.Employees = ptr(0) }), NotMet, "NOT_AN_EMPLOYER", Enhetsregisteret},
		{BusinessAndAa, "employees not stated", entity(func(e *Entity) { e.Employees = nil }), Unknown, "EMPLOYEES_NOT_STATED", Enhetsregisteret},
		{BusinessAndAa, "the state", entity(public), Met, "PUBLIC_BODY_AND_EMPLOYER", Enhetsregisteret},
		{BusinessAndAa, "a municipality", entity(func(e *Entity) { public(e); e.SectorCode = "6500" }), Met, "PUBLIC_BODY_AND_EMPLOYER", Enhetsregisteret},
		{BusinessAndAa, "another sector", entity(func(e *Entity) { public(e); e.SectorCode = "2100" }), NotMet, "NOT_IN_BUSINESS_REGISTER", Enhetsregisteret},

		{VAT, "registered", nothing, Met, "IN_VAT_REGISTER", Enhetsregisteret},
		{VAT, "not registered", entity(func(e *Entity) { e.InVATRegister = ptr(false) }), NotMet, "NOT_IN_VAT_REGISTER", Enhetsregisteret},
		{VAT, "not said", entity(func(e *Entity) { e.InVATRegister = nil }), Unknown, "REGISTER_SILENT", Enhetsregisteret},
		{VAT, "a public body", entity(public), Met, "PUBLIC_BODY", Enhetsregisteret},

		{TaxArrears, "attested", nothing, Met, "NO_TAX_ARREARS", Officer},
		{TaxArrears, "arrears", attest(Attestation{Criterion: TaxArrears}), NotMet, "TAX_ARREARS", Officer},
		{TaxArrears, "nobody looked", blank(func(a *Accreditation) { delete(a.attested, TaxArrears) }), Unknown, "NOT_ATTESTED", ""},

		{Sanctions, "attested", nothing, Met, "NO_SANCTION", Officer},
		{Sanctions, "nobody looked", blank(func(a *Accreditation) { delete(a.attested, Sanctions) }), Unknown, "NOT_ATTESTED", ""},
		{Sanctions, "on a day not known", attest(Attestation{Criterion: Sanctions}), NotMet, "SANCTIONED", Officer},
		{Sanctions, "24 months ago", attest(Attestation{Criterion: Sanctions, LastSanction: months(24)}), Met, "SANCTION_LONG_AGO", Officer},
		{Sanctions, "a day less", attest(Attestation{Criterion: Sanctions, Met: true, LastSanction: months(24).AddDate(0, 0, 1)}), NotMet, "SANCTIONED_LATELY", Officer},

		{Pay, "declared", nothing, Met, "DECLARED", Employer},
		{Pay, "not declared", blank(func(a *Accreditation) { a.declaration = Declaration{} }), NotMet, "NOT_DECLARED", ""},
		{Pay, "found to be poorer", attest(Attestation{Criterion: Pay}), NotMet, "PAY_NOT_NORMAL", Officer},
		{Pay, "seen on paper", attest(Attestation{Criterion: Pay, Met: true}), Met, "DECLARED_ON_PAPER", Officer},

		{Signatories, "named", nothing, Met, "SIGNATORY_NAMED", Employer},
		{Signatories, "not named", blank(func(a *Accreditation) { a.signatories = nil }), NotMet, "NO_SIGNATORY", ""},
		{Signatories, "ended", blank(func(a *Accreditation) { a.signatories[0].Until = now }), NotMet, "NO_SIGNATORY", ""},
		{Signatories, "seen on paper", attest(Attestation{Criterion: Signatories, Met: true}), Met, "SIGNATORY_ON_PAPER", Officer},
	} {
		f := found(t, c.criterion, c.change)
		if f.Verdict != c.verdict || f.Code != c.code || f.Source != c.source {
			t.Errorf("%s, %s: %+v, want %s %s by %q", c.criterion, c.name, f, c.verdict, c.code, c.source)
		}
		if text := f.Text(); text.NB == "" || text.NN == "" || text.EN == "" || strings.ContainsAny(text.NB+text.NN+text.EN, "{}") {
			t.Errorf("%s, %s: %+v has no words", c.criterion, c.name, f)
		}
		if f.Source != "" && f.At.IsZero() || f.Source == Officer && f.By == "" {
			t.Errorf("%s, %s: nobody says when, or who: %+v", c.criterion, c.name, f)
		}
	}
}

func TestNothingIsAccreditedWithoutEveryCriterion(t *testing.T) {
	p := parameters(t)
	for name, spoil := range map[Criterion]func(*Accreditation){
		Registered:    func(a *Accreditation) { e := sound(); e.Bankrupt = ptr(true); a.Look(e, p) },
		Employees:     func(a *Accreditation) { e := sound(); e.Employees = ptr(9); a.Look(e, p) },
		BusinessAndAa: func(a *Accreditation) { e := sound(); e.InBusinessRegister = ptr(false); a.Look(e, p) },
		VAT:           func(a *Accreditation) { e := sound(); e.InVATRegister = nil; a.Look(e, p) },
		TaxArrears:    func(a *Accreditation) { delete(a.attested, TaxArrears) },
		Sanctions:     func(a *Accreditation) { a.attested[Sanctions] = Attestation{Criterion: Sanctions} },
		Pay:           func(a *Accreditation) { a.declaration = Declaration{} },
		Signatories:   func(a *Accreditation) { a.signatories = nil },
	} {
		a := ready(t)
		spoil(a)
		changed, err := a.Accredit(p, by(""))
		v := fault.From(err).Violations
		if changed || fault.RuleOf(err) != "accreditation.criteria" || len(v) != 1 || v[0].Field != string(name) || a.State() != Pending {
			t.Errorf("%s: %v %v", name, changed, err)
		}
	}
	bare := applied(t)
	bare.declaration, bare.signatories = Declaration{}, nil
	if _, err := bare.Accredit(p, by("")); len(fault.From(err).Violations) != 8 {
		t.Error(err)
	}
}

func TestWhatARegisterAnswersNobodyAttests(t *testing.T) {
	a := ready(t)
	for _, c := range []Criterion{Registered, Employees, BusinessAndAa, VAT, "EMP-9"} {
		if err := a.Attest(Attestation{Criterion: c, Met: true, By: "o", At: now}); fault.RuleOf(err) != "accreditation.criterion" {
			t.Errorf("%s: %v", c, err)
		}
	}
	for name, at := range map[string]Attestation{
		"nobody":              {Criterion: Pay, Met: true, At: now},
		"at no time":          {Criterion: Pay, Met: true, By: "o"},
		"endless reference":   {Criterion: Pay, Met: true, By: "o", At: now, Reference: strings.Repeat("x", 201)},
		"sanction to come":    {Criterion: Sanctions, By: "o", At: now, LastSanction: now.Add(time.Hour)},
		"sanction of arrears": {Criterion: TaxArrears, By: "o", At: now, LastSanction: now},
	} {
		if err := a.Attest(at); fault.RuleOf(err) != "accreditation.attestation" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := accredited(t).Attest(Attestation{Criterion: TaxArrears, By: "o", At: now}); fault.RuleOf(err) != "accreditation.state" {
		t.Error(err)
	}
}

func TestOrganisationThatTheRegisterDoesNotHaveHasNotEnded(t *testing.T) {
	for _, existence := range []Existence{Nowhere, ""} {
		if ended := Ended(Entity{Existence: existence, Bankrupt: ptr(true)}); ended != "" {
			t.Errorf("%q ended: %s", existence, ended)
		}
	}
	if Ended(sound()) != "" || Ended(Entity{Existence: Deleted}) != "DELETED" {
		t.Error("wrong")
	}
}

func TestFiguresHoldFromTheirDates(t *testing.T) {
	const before = `
version: v
minimum_employees:
  - {valid_from: 2023-04-01, value: 10, source: s}
  - {valid_from: 2027-01-01, value: 20, source: s}
sanction_free_months: [{valid_from: 2023-04-01, value: 24, source: s}]
accredited_years: [{valid_from: 2023-04-01, value: 4, source: s}]
banned_years: [{valid_from: 2023-04-01, value: 2, source: s}]
register_answer_hours: [{valid_from: 2023-04-01, value: 24, source: s}]
public_sectors: [{valid_from: 2023-04-01, codes: ["6100"], source: s}]
signing_roles: [{valid_from: 2023-04-01, roles: [{code: DAGL, titles: [DAGL]}], source: s}]
`
	f, err := parseFigures([]byte(before))
	if err != nil {
		t.Fatal(err)
	}
	for on, want := range map[string]int{"2020-01-01": 10, "2023-04-01": 10, "2026-12-31": 10, "2027-01-01": 20, "2030-01-01": 20} {
		at, _ := time.Parse(time.DateOnly, on)
		if got := f.On(at).MinimumEmployees; got != want {
			t.Errorf("%s: %d", on, got)
		}
	}
	for name, text := range map[string]string{
		"no version":    strings.Replace(before, "version: v", "", 1),
		"no source":     strings.Replace(before, "value: 24, source: s", "value: 24", 1),
		"no value":      strings.Replace(before, "value: 4, ", "", 1),
		"one missing":   strings.Replace(before, "banned_years", "minimum", 1),
		"out of order":  strings.Replace(before, "2027-01-01", "2022-01-01", 1),
		"unknown field": before + "more: 1\n",
	} {
		if _, err := parseFigures([]byte(text)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	p := parameters(t)
	if p.MinimumEmployees != 10 || p.SanctionFreeMonths != 24 || p.AccreditedYears != 4 || p.BannedYears != 2 || p.RegisterAnswer != 24*time.Hour || p.Version == "" {
		t.Errorf("%+v", p)
	}
}
