package tenant

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	one   = Bank{DID: "did:web:bank.example", OrganisationNumber: "310000027", Name: "Testbanken", BIC: "TESTNOKK", Code: "9999", Rules: Default()}
	other = Bank{DID: "did:web:bank.example:banks:310000051", OrganisationNumber: "310000051", Name: "Sparebanken Test", BIC: "SPTENO22", Code: "9998", Rules: Default()}
)

func day(s string) time.Time {
	d, _ := time.Parse(time.DateOnly, s)
	return d
}

func TestRulesAreThoseOfTheDay(t *testing.T) {
	b := one
	later := Default()[0]
	later.ValidFrom, later.TakesDNumber = day("2027-01-01"), false
	b.Rules = append(Default(), later)
	for at, takes := range map[string]bool{"2026-01-01": true, "2026-12-31": true, "2027-01-01": false} {
		if r, err := b.At(day(at)); err != nil || r.TakesDNumber != takes {
			t.Error(at, r, err)
		}
	}
	if _, err := b.At(day("2025-12-31")); fault.RuleOf(err) != "bank.no-rules" || fault.KindOf(err) != fault.Unavailable {
		t.Error(err)
	}
}

func TestConsentSaysWhichBank(t *testing.T) {
	both := Banks{one, other}
	if b, err := both.ByDID(other.DID); err != nil || b.Code != "9998" {
		t.Error(b, err)
	}
	if _, err := both.ByDID(""); fault.RuleOf(err) != "bank.unnamed" {
		t.Error(err)
	}
	if _, err := both.ByDID("did:web:elsewhere"); fault.RuleOf(err) != "bank.unknown" {
		t.Error(err)
	}
	if b, err := (Banks{one}).ByDID(""); err != nil || b.DID != one.DID {
		t.Error(b, err)
	}
	if _, err := (Banks{one}).ByDID(other.DID); fault.RuleOf(err) != "bank.unknown" {
		t.Error("another bank's customer:", err)
	}
}

func TestClerkBelongsToOneBank(t *testing.T) {
	both := Banks{one, other}
	if c, err := both.Clerk("310000051/clerk-1"); err != nil || c.Bank.DID != other.DID || c.Name != "clerk-1" {
		t.Error(c, err)
	}
	for _, subject := range []string{"clerk-1", "310000051/", "310000051/ ", "310000108/clerk-1", "", "/clerk-1"} {
		if _, err := both.Clerk(subject); fault.RuleOf(err) != "bank.clerk" || fault.KindOf(err) != fault.Denied {
			t.Errorf("%q: %v", subject, err)
		}
	}
	if c, err := (Banks{one}).Clerk("bank-clerk-1"); err != nil || c.Bank.DID != one.DID {
		t.Error(c, err)
	}
}

func TestBankThatCannotBeIsRefused(t *testing.T) {
	optional := func(id string) bool { return id == "d-number" }
	if v := one.Check(identifier.Synthetic, optional); v != nil {
		t.Fatal(v)
	}
	for field, spoil := range map[string]func(*Bank){
		"organisation_number":     func(b *Bank) { b.OrganisationNumber = "310000028" },
		"name":                    func(b *Bank) { b.Name = " " },
		"bic":                     func(b *Bank) { b.BIC = "TEST" },
		"code":                    func(b *Bank) { b.Code = "999" },
		"rules":                   func(b *Bank) { b.Rules = nil },
		"rules.valid_from":        func(b *Bank) { b.Rules = append(b.Rules, b.Rules[0]) },
		"rules.source":            func(b *Bank) { b.Rules[0].Source = "" },
		"rules.confirmation.days": func(b *Bank) { b.Rules[0].Confirmation.Days = 0 },
		"rules.enhanced":          func(b *Bank) { b.Rules[0].Enhanced = []string{"d-number", "under-age"} },
	} {
		b := one
		b.Rules = Default()
		spoil(&b)
		if v := b.Check(identifier.Synthetic, optional); len(v) != 1 || v[0].Field != field {
			t.Errorf("%s: %v", field, v)
		}
	}
	if v := (Banks{one, other}).Check(); v != nil {
		t.Error(v)
	}
	same := other
	same.Code = one.Code
	if v := (Banks{one, same}).Check(); len(v) != 1 {
		t.Error("two banks with one code:", v)
	}
}
