package accreditation

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var now = time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)

func applied(t interface{ Fatal(...any) }) *Accreditation {
	a, err := Apply(Application{ID: "acc_7", OrganisationNumber: "310000019", LegalName: "University of Oslo", Mode: identifier.Synthetic})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func accredited(t interface{ Fatal(...any) }) *Accreditation {
	a := applied(t)
	for c := range Criteria {
		if err := a.Record(c, true); err != nil {
			t.Fatal(err)
		}
	}
	if changed, err := a.Accredit(now); !changed || err != nil {
		t.Fatal(changed, err)
	}
	return a
}

func TestApplicationIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		a    Application
	}{
		"wrong number":  {"accreditation.organisation-number", Application{ID: "a", OrganisationNumber: "310000018", LegalName: "x", Mode: identifier.Synthetic}},
		"real number":   {"accreditation.organisation-number", Application{ID: "a", OrganisationNumber: "974760673", LegalName: "x", Mode: identifier.Synthetic}},
		"no legal name": {"accreditation.legal-name", Application{ID: "a", OrganisationNumber: "310000019", Mode: identifier.Synthetic}},
		"no id":         {"accreditation.id", Application{OrganisationNumber: "310000019", LegalName: "x", Mode: identifier.Synthetic}},
	} {
		if _, err := Apply(c.a); fault.RuleOf(err) != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryCriterionMustBeMet(t *testing.T) {
	if len(Criteria) != 8 {
		t.Errorf("%d criteria", len(Criteria))
	}
	if _, err := applied(t).Accredit(now); len(fault.From(err).Violations) != 8 {
		t.Error(err)
	}
	for unmet := range Criteria {
		a := applied(t)
		for c := range Criteria {
			if err := a.Record(c, c != unmet); err != nil {
				t.Fatal(err)
			}
		}
		changed, err := a.Accredit(now)
		v := fault.From(err).Violations
		if changed || fault.RuleOf(err) != "accreditation.criteria" || len(v) != 1 || v[0].Field != string(unmet) || a.State() != Pending {
			t.Errorf("%s: %v %v", unmet, changed, err)
		}
	}
	if err := applied(t).Record("EMP-9", true); fault.RuleOf(err) != "accreditation.criterion" {
		t.Error(err)
	}
	if err := accredited(t).Record("EMP-1", false); fault.RuleOf(err) != "accreditation.state" {
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

func TestSuspendedOrRevokedIsNotInForce(t *testing.T) {
	a := accredited(t)
	if _, err := a.Suspend(); err != nil || a.InForce(ScopeOffer, now) {
		t.Error("suspended and in force", err)
	}
	if _, err := a.Claims(); fault.RuleOf(err) != "accreditation.not-in-force" {
		t.Error(err)
	}
	if _, err := a.Reinstate(); err != nil || !a.InForce(ScopeOffer, now) {
		t.Error("reinstated and not in force", err)
	}
	if _, err := a.Revoke(now); err != nil || a.InForce(ScopeOffer, now) {
		t.Error("revoked and in force", err)
	}
	if got := a.MayApplyFrom(); !got.Equal(now.AddDate(2, 0, 0)) {
		t.Errorf("may apply from %v", got)
	}
	for _, verb := range []func() (bool, error){a.Suspend, a.Reinstate, func() (bool, error) { return a.Accredit(now) }} {
		if _, err := verb(); fault.RuleOf(err) != "accreditation.state" {
			t.Error("a revoked accreditation came back", err)
		}
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
		"no id":                func(s *Snapshot) { s.ID = "" },
		"unknown state":        func(s *Snapshot) { s.State = "LOST" },
		"pending with dates":   func(s *Snapshot) { s.State = Pending },
		"without dates":        func(s *Snapshot) { s.ValidFrom = time.Time{} },
		"revoked at no time":   func(s *Snapshot) { s.State = Revoked },
		"without a scope":      func(s *Snapshot) { s.Scope = nil },
		"revoked and in force": func(s *Snapshot) { s.RevokedAt = now },
	} {
		s := accredited(t).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "accreditation.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAccreditationFollowsItsModel(t *testing.T) {
	next := map[State]map[string]State{
		Pending:    {"accredit": Accredited},
		Accredited: {"accredit": Accredited, "suspend": Suspended, "reinstate": Accredited, "revoke": Revoked},
		Suspended:  {"suspend": Suspended, "reinstate": Accredited, "revoke": Revoked},
		Revoked:    {"revoke": Revoked},
	}
	rapid.Check(t, func(t *rapid.T) {
		a := applied(t)
		for c := range Criteria {
			_ = a.Record(c, true)
		}
		state := Pending
		step := func(name string, verb func() (bool, error)) func(*rapid.T) {
			return func(t *rapid.T) {
				to, ok := next[state][name]
				changed, err := verb()
				if (err == nil) != ok || changed != (ok && to != state) {
					t.Fatalf("%s from %s: %v %v", name, state, changed, err)
				}
				if ok {
					state = to
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"accredit":  step("accredit", func() (bool, error) { return a.Accredit(now) }),
			"suspend":   step("suspend", func() (bool, error) { return a.Suspend() }),
			"reinstate": step("reinstate", func() (bool, error) { return a.Reinstate() }),
			"revoke":    step("revoke", func() (bool, error) { return a.Revoke(now) }),
			"": func(t *rapid.T) {
				if a.State() != state || a.InForce(ScopeOffer, now) != (state == Accredited) {
					t.Fatal(a.State(), state)
				}
				var err error
				if a, err = Restore(a.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
