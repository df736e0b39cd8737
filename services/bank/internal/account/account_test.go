package account

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	now  = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	lisa = Customer{GivenName: "Lisa", FamilyName: "Johnson", Identifier: "01819020074", PermitGranted: true}
	bank = Bank{OrganisationNumber: "310000027", Name: "Testbanken", BIC: "TESTNOKK"}
)

func started(t interface{ Fatal(...any) }) *Account {
	a, err := New("case_1")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func ready(t interface{ Fatal(...any) }) *Account {
	a := started(t)
	a.Grant()
	a.Identify()
	return a
}

func opening(c Customer, bban string) Opening {
	return Opening{Customer: c, Mode: identifier.Synthetic, BBAN: bban, At: now}
}

func TestAccountNeedsGrantAndIdentifierInAnyOrder(t *testing.T) {
	for name, verbs := range map[string][]func(*Account) bool{
		"grant first":      {(*Account).Grant, (*Account).Identify},
		"identifier first": {(*Account).Identify, (*Account).Grant},
	} {
		a := started(t)
		for i, verb := range verbs {
			if _, err := a.Open(opening(lisa, "99991234566")); fault.RuleOf(err) != "account.not-ready" {
				t.Errorf("%s: opened after %d of 2: %v", name, i, err)
			}
			if !verb(a) || verb(a) {
				t.Errorf("%s: an event counts once", name)
			}
		}
		if changed, err := a.Open(opening(lisa, "99991234566")); !changed || err != nil || a.State() != Opened {
			t.Errorf("%s: %v %v", name, changed, err)
		}
	}
}

func TestNobodyGetsASecondAccount(t *testing.T) {
	a := ready(t)
	_, _ = a.Open(opening(lisa, "99991234566"))
	if changed, err := a.Open(opening(lisa, "99997777774")); changed || err != nil || a.BBAN() != "99991234566" {
		t.Errorf("%v %v %s", changed, err, a.BBAN())
	}
}

func TestDueDiligenceStopsTheOpening(t *testing.T) {
	for field, spoil := range map[string]func(*Customer){
		"given_name":  func(c *Customer) { c.GivenName = " " },
		"family_name": func(c *Customer) { c.FamilyName = "" },
		"identifier":  func(c *Customer) { c.Identifier = "01819020075" },
		"decision":    func(c *Customer) { c.PermitGranted = false },
	} {
		a, c := ready(t), lisa
		spoil(&c)
		changed, err := a.Open(opening(c, "99991234566"))
		v := fault.From(err).Violations
		if changed || fault.RuleOf(err) != "account.due-diligence" || len(v) != 1 || v[0].Field != field || a.State() != Ready {
			t.Errorf("%s: %v %v", field, changed, err)
		}
	}
	_, err := DueDiligence(Customer{Identifier: "S3cret"}, identifier.Synthetic, now)
	if len(fault.From(err).Violations) != 4 || strings.Contains(err.Error(), "S3cret") {
		t.Error(err)
	}
	if _, err := DueDiligence(lisa, identifier.Production, now); err == nil {
		t.Error("a synthetic number opened an account in production")
	}
}

func TestAccountNumberIsChecked(t *testing.T) {
	a := ready(t)
	if _, err := a.Open(opening(lisa, "99991234567")); fault.RuleOf(err) != "identifier.bban-check-digit" || a.State() != Ready {
		t.Error(err)
	}
}

func TestClaimsFitTheSchema(t *testing.T) {
	for number, pending := range map[string]bool{"01819020074": false, "41819020068": true} {
		a, c := ready(t), lisa
		c.Identifier = number
		if _, err := a.Claims(bank); fault.RuleOf(err) != "account.not-open" {
			t.Error(err)
		}
		_, _ = a.Open(opening(c, "99991234566"))
		claims, err := a.Claims(bank)
		if err != nil {
			t.Fatal(err)
		}
		if err := credtype.Validate(credtype.BankAccountConfirmation, claims); err != nil {
			t.Error(err)
		}
		if _, got := claims["bankid_status"]; got != pending || claims["iban"] != "NO7999991234566" || claims["account_holder_name"] != "Lisa Johnson" {
			t.Errorf("got %v", claims)
		}
		if _, err := a.Claims(Bank{BIC: "X"}); fault.RuleOf(err) != "identifier.bic-format" {
			t.Error(err)
		}
	}
}

func TestStoredAccountThatCannotBeIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Snapshot){
		"no case":             func(s *Snapshot) { s.CaseRef = "" },
		"unknown state":       func(s *Snapshot) { s.State = "LOST" },
		"waiting for nothing": func(s *Snapshot) { s.State = Waiting },
		"open without number": func(s *Snapshot) { s.State = Opened },
		"number but not open": func(s *Snapshot) { s.BBAN = "99991234566" },
	} {
		s := ready(t).Snapshot()
		spoil(&s)
		if _, err := Restore(s); fault.RuleOf(err) != "account.stored" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(""); fault.RuleOf(err) != "account.case" {
		t.Error(err)
	}
}

func TestAccountFollowsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := started(t)
		var granted, identified bool
		number := ""
		t.Repeat(map[string]func(*rapid.T){
			"grant":    func(t *rapid.T) { granted = a.Grant() || granted },
			"identify": func(t *rapid.T) { identified = a.Identify() || identified },
			"open": func(t *rapid.T) {
				bban := rapid.SampledFrom([]string{"99991234566", "99997777774"}).Draw(t, "bban")
				changed, err := a.Open(opening(lisa, bban))
				if (err == nil) != (granted && identified) || changed != (err == nil && number == "") {
					t.Fatal(changed, err)
				}
				if changed {
					number = bban
				}
			},
			"": func(t *rapid.T) {
				if a.BBAN() != number || (a.State() == Waiting) != !(granted && identified) {
					t.Fatal(a.State(), a.BBAN())
				}
				var err error
				if a, err = Restore(a.Snapshot()); err != nil {
					t.Fatal(err)
				}
			},
		})
	})
}
