package accreditation

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	now  = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	kari = Signatory{Name: "Kari Nordmann", Role: "HR manager", Right: "urn:altinn:resource:kompetansespor-issue"}
)

type failing interface{ Fatal(...any) }

func parameters(t failing) Parameters {
	figures, err := LoadFigures()
	if err != nil {
		t.Fatal(err)
	}
	return figures.On(now)
}

func by(code string) Decision {
	return Decision{By: "officer-1", Code: code, Reason: "because", At: now}
}

func ptr[T any](v T) *T { return &v }

// sound is a company of which the register has nothing bad to say.
func sound() Entity {
	return Entity{
		OrganisationNumber: "310000019", Existence: Exists, Name: "University of Oslo", Form: "AS", Bankrupt: ptr(false), Dissolving: ptr(false),
		ForcedDissolution: ptr(false), InBusinessRegister: ptr(true), InVATRegister: ptr(true), Employees: ptr(50), SectorCode: "2100", At: now,
	}
}

func application() Application {
	return Application{ID: "acc_7", OrganisationNumber: "310000019", LegalName: "University of Oslo", DeclaredBy: "Kari Nordmann",
		Signatories: []Signatory{kari}, Mode: identifier.Synthetic}
}

func applied(t failing) *Accreditation {
	a, err := Apply(application(), Decision{By: "310000019", At: now})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// ready is an application of which every criterion is met.
func ready(t failing) *Accreditation {
	a := applied(t)
	a.Look(sound(), parameters(t))
	for _, c := range []Criterion{TaxArrears, Sanctions} {
		if err := a.Attest(Attestation{Criterion: c, Met: true, By: "officer-1", At: now}); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func accredited(t failing) *Accreditation {
	a := ready(t)
	if changed, err := a.Accredit(parameters(t), by("")); !changed || err != nil {
		t.Fatal(changed, err)
	}
	return a
}

func TestApplicationIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		rule  string
		spoil func(*Application)
	}{
		"wrong number":          {"accreditation.organisation-number", func(a *Application) { a.OrganisationNumber = "310000018" }},
		"real number":           {"accreditation.organisation-number", func(a *Application) { a.OrganisationNumber = "974760673" }},
		"no legal name":         {"accreditation.legal-name", func(a *Application) { a.LegalName = " " }},
		"no id":                 {"accreditation.id", func(a *Application) { a.ID = "" }},
		"signatory of no name":  {"accreditation.signatory", func(a *Application) { a.Signatories = []Signatory{{Role: "r", Right: "x"}} }},
		"signatory of no role":  {"accreditation.signatory", func(a *Application) { a.Signatories = []Signatory{{Name: "n", Right: "x"}} }},
		"signatory of no right": {"accreditation.signatory", func(a *Application) { a.Signatories = []Signatory{{Name: "n", Role: "r"}} }},
		"endless name": {"accreditation.signatory", func(a *Application) {
			a.Signatories = []Signatory{{Name: strings.Repeat("n", 201), Role: "r", Right: "x"}}
		}},
	} {
		a := application()
		c.spoil(&a)
		if _, err := Apply(a, by("")); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPendingApplicationIsAmendedAndADecidedOneIsNot(t *testing.T) {
	a := ready(t)
	with := application()
	with.LegalName, with.Contact, with.DeclaredBy, with.Signatories = "New name", "hr@example.com", "", nil
	if err := a.Amend(with, now); err != nil || a.LegalName() != "New name" || a.Contact() != "hr@example.com" {
		t.Error(a.LegalName(), err)
	}
	_, err := a.Accredit(parameters(t), by(""))
	var unmet []string
	for _, v := range fault.From(err).Violations {
		unmet = append(unmet, v.Field)
	}
	if !slices.Equal(unmet, []string{"EMP-7", "EMP-8"}) {
		t.Error("what was not applied with again still counts, or what was attested does not", unmet)
	}
	if err := accredited(t).Amend(with, now); fault.RuleOf(err) != "accreditation.state" {
		t.Error(err)
	}
}

func TestAccreditationHoldsFourYearsForItsScope(t *testing.T) {
	a := accredited(t)
	for on, want := range map[string]bool{"2025-12-31": false, "2026-01-01": true, "2029-12-31": true, "2030-01-01": false} {
		at, _ := time.Parse(time.DateOnly, on)
		if a.InForce(ScopeOffer, at.Add(23*time.Hour)) != want {
			t.Errorf("in force on %s is %v", on, !want)
		}
	}
	if a.InForce("diploma", now) {
		t.Error("in force for another scope")
	}
	if applied(t).InForce(ScopeOffer, now) {
		t.Error("in force while pending")
	}
}

func TestAccreditationExpiresByItself(t *testing.T) {
	for _, suspended := range []bool{false, true} {
		a := accredited(t)
		if suspended {
			if _, err := a.Suspend(by("OTHER")); err != nil {
				t.Fatal(err)
			}
		}
		end := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		if changed, err := a.Expire("registry", end.Add(-time.Second)); changed || err != nil {
			t.Error("expired before its last day was over", err)
		}
		if got := a.StateAt(end); got != Expired {
			t.Errorf("%s on the day after, before anybody looked", got)
		}
		if changed, err := a.Expire("registry", end); !changed || err != nil || a.State() != Expired || a.InForce(ScopeOffer, end) {
			t.Error(a.State(), err)
		}
		if changed, err := a.Expire("registry", end.Add(time.Hour)); changed || err != nil {
			t.Error("expired twice", err)
		}
	}
	a := accredited(t)
	if _, err := a.Suspend(by("OTHER")); err != nil {
		t.Fatal(err)
	}
	late := by("OTHER")
	late.At = now.AddDate(4, 0, 0)
	if _, err := a.Reinstate(parameters(t), late); fault.RuleOf(err) != "accreditation.over" {
		t.Error(err)
	}
}

func TestSuspendedOrRevokedIsNotInForce(t *testing.T) {
	a, p := accredited(t), parameters(t)
	if _, err := a.Suspend(by("BANKRUPT")); err != nil || a.InForce(ScopeOffer, now) {
		t.Error("suspended and in force", err)
	}
	if _, err := a.Claims(); fault.RuleOf(err) != "accreditation.not-in-force" {
		t.Error(err)
	}
	if _, err := a.Reinstate(p, by("CAUSE_REMOVED")); err != nil || !a.InForce(ScopeOffer, now) {
		t.Error("reinstated and not in force", err)
	}
	if _, err := a.Revoke(p, by("SANCTIONED")); err != nil || a.InForce(ScopeOffer, now) {
		t.Error("revoked and in force", err)
	}
	if got := a.BannedUntil(); !got.Equal(now.AddDate(2, 0, 0)) {
		t.Errorf("banned until %v", got)
	}
	for _, verb := range []func() (bool, error){
		func() (bool, error) { return a.Suspend(by("OTHER")) }, func() (bool, error) { return a.Reinstate(p, by("OTHER")) },
		func() (bool, error) { return a.Accredit(p, by("")) }, func() (bool, error) { return a.Expire("registry", now.AddDate(9, 0, 0)) },
		func() (bool, error) { return a.AddSignatory(kari, now) },
	} {
		if _, err := verb(); fault.RuleOf(err) != "accreditation.state" {
			t.Error("a revoked accreditation came back", err)
		}
	}
}

func TestReinstatedOnlyWhenAllCriteriaAreMetAgain(t *testing.T) {
	a, p := accredited(t), parameters(t)
	bankrupt := sound()
	bankrupt.Bankrupt = ptr(true)
	a.Look(bankrupt, p)
	if _, err := a.Suspend(by("BANKRUPT")); err != nil {
		t.Fatal(err)
	}
	_, err := a.Reinstate(p, by("OTHER"))
	if v := fault.From(err).Violations; fault.RuleOf(err) != "accreditation.criteria" || len(v) != 1 || v[0].Field != "EMP-1" || a.State() != Suspended {
		t.Error(err)
	}
	a.Look(sound(), p)
	if changed, err := a.Reinstate(p, by("CAUSE_REMOVED")); !changed || err != nil {
		t.Error(err)
	}
	if changed, err := a.Reinstate(p, by("CAUSE_REMOVED")); changed || err != nil {
		t.Error("a repetition had an effect", err)
	}
}

func TestEveryChangeNeedsAReasonAndIsKept(t *testing.T) {
	p := parameters(t)
	for name, d := range map[string]Decision{
		"no code": {Reason: "x", At: now}, "unknown code": {Code: "WHY", Reason: "x", At: now}, "no reason": {Code: "OTHER", Reason: " ", At: now},
		"endless": {Code: "OTHER", Reason: strings.Repeat("x", 501), At: now}, "no text": {Code: "OTHER", Reason: "\xff", At: now},
	} {
		for verb, do := range map[string]func(a *Accreditation) (bool, error){
			"suspend": func(a *Accreditation) (bool, error) { return a.Suspend(d) },
			"revoke":  func(a *Accreditation) (bool, error) { return a.Revoke(p, d) },
			"reinstate": func(a *Accreditation) (bool, error) {
				if _, err := a.Suspend(by("OTHER")); err != nil {
					t.Fatal(err)
				}
				return a.Reinstate(p, d)
			},
		} {
			a := accredited(t)
			if changed, err := do(a); changed || fault.RuleOf(err) != "accreditation.invalid" || a.State() == Revoked {
				t.Errorf("%s with %s: %v", verb, name, err)
			}
		}
	}
	a := accredited(t)
	d := by("SANCTIONED")
	d.At = now.Add(time.Hour)
	if _, err := a.Suspend(d); err != nil {
		t.Fatal(err)
	}
	want := []Change{
		{From: "", To: Pending, Code: "APPLIED", By: "310000019", At: now},
		{From: Pending, To: Accredited, Code: "CRITERIA_MET", Reason: "because", By: "officer-1", At: now},
		{From: Accredited, To: Suspended, Code: "SANCTIONED", Reason: "because", By: "officer-1", At: now.Add(time.Hour)},
	}
	if got := a.Changes(); !slices.Equal(got, want) || !a.Since().Equal(now.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
}

func TestClaimsFitTheSchema(t *testing.T) {
	claims, err := accredited(t).Claims()
	if err != nil {
		t.Fatal(err)
	}
	if err := credtype.Validate(credtype.EmployerAccreditation, claims); err != nil {
		t.Error(err)
	}
	if claims["valid_from"] != "2026-01-01" || claims["valid_until"] != "2029-12-31" || len(claims["criteria_met"].([]any)) != 8 {
		t.Errorf("got %v", claims)
	}
}

func TestStoredAccreditationThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no id":                  func(s *Snapshot) { s.ID = "" },
		"no organisation":        func(s *Snapshot) { s.OrganisationNumber = "" },
		"unknown state":          func(s *Snapshot) { s.State = "LOST" },
		"pending with dates":     func(s *Snapshot) { s.State, s.Changes[1].To = Pending, Pending },
		"without dates":          func(s *Snapshot) { s.ValidFrom = time.Time{} },
		"without an end":         func(s *Snapshot) { s.ValidUntil = time.Time{} },
		"revoked without a ban":  func(s *Snapshot) { s.State, s.Changes[1].To = Revoked, Revoked },
		"without a scope":        func(s *Snapshot) { s.Scope = nil },
		"banned and in force":    func(s *Snapshot) { s.BannedUntil = now },
		"without a history":      func(s *Snapshot) { s.Changes = nil },
		"other than its history": func(s *Snapshot) { s.Changes[1].To = Suspended },
	} {
		s := accredited(t).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "accreditation.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The model knows nothing but which state follows from which verb; beside it
// runs what must always hold.
func TestAccreditationFollowsItsModel(t *testing.T) {
	next := map[State]map[string]State{
		Pending:    {"accredit": Accredited},
		Accredited: {"accredit": Accredited, "suspend": Suspended, "reinstate": Accredited, "revoke": Revoked, "expire": Accredited},
		Suspended:  {"suspend": Suspended, "reinstate": Accredited, "revoke": Revoked, "expire": Suspended},
		Revoked:    {"revoke": Revoked},
		Expired:    {"expire": Expired},
	}
	p := parameters(t)
	rapid.Check(t, func(t *rapid.T) {
		a := ready(t)
		state, at := Pending, now
		seen := map[time.Time]State{at: state}
		looked := sound()
		step := func(name string, verb func(d Decision) (bool, error)) func(*rapid.T) {
			return func(t *rapid.T) {
				at = at.Add(time.Duration(rapid.Int64Range(1, 300*24*3600).Draw(t, "seconds")) * time.Second)
				looked.At = at
				a.Look(looked, p)
				to, ok := next[state][name]
				if over := !a.End().IsZero() && !at.Before(a.End()); over && (state == Accredited || state == Suspended) {
					switch name {
					case "expire":
						to = Expired
					case "reinstate":
						ok = state == Accredited // a suspended one is over
					}
				}
				d := by("OTHER")
				d.At = at
				changed, err := verb(d)
				if (err == nil) != ok || changed != (ok && to != state) {
					t.Fatalf("%s from %s at %v: %v %v", name, state, at, changed, err)
				}
				if ok {
					state = to
				}
				seen[at] = state
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"accredit":  step("accredit", func(d Decision) (bool, error) { return a.Accredit(p, d) }),
			"suspend":   step("suspend", func(d Decision) (bool, error) { return a.Suspend(d) }),
			"reinstate": step("reinstate", func(d Decision) (bool, error) { return a.Reinstate(p, d) }),
			"revoke":    step("revoke", func(d Decision) (bool, error) { return a.Revoke(p, d) }),
			"expire":    step("expire", func(d Decision) (bool, error) { return a.Expire("registry", d.At) }),
			"": func(t *rapid.T) {
				if a.State() != state || a.InForce(ScopeOffer, at) != (state == Accredited && at.Before(a.End())) {
					t.Fatal(a.State(), state)
				}
				for then, was := range seen { // the history answers as it was
					over := !a.End().IsZero() && !then.Before(a.End())
					if over && (was == Accredited || was == Suspended) {
						was = Expired
					}
					if a.StateAt(then) != was {
						t.Fatalf("at %v it was %s, the history says %s", then, was, a.StateAt(then))
					}
					if in := len(a.InForceBetween(then, then.Add(1))) == 1; in != (was == Accredited) {
						t.Fatalf("at %v it was %s, in force is %v", then, was, in)
					}
				}
				var err error
				if a, err = Restore(a.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
