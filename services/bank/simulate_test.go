package bank

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

// A simulation can take a case to an account by the exported rules alone.
func TestSimulationDrivesTheBanksOwnRules(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rules, err := LoadDueDiligence()
	if err != nil {
		t.Fatal(err)
	}
	list, err := DevelopmentSanctionsList()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]AccountState{"Lisa Johnson": AccountOpened, "Viktor Prøvesen": AccountQueued} {
		a, err := NewAccount("case_1")
		if err != nil {
			t.Fatal(err)
		}
		_ = a.At("did:web:bank.example")
		a.Require(!DefaultTenantRules()[0].TakesDNumber)
		a.Grant()
		a.Identify()
		a.Learn(identifier.DNumber)
		found, err := rules.Assess(DueDiligenceCustomer{
			FamilyName: name, Birthdate: time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC), Nationalities: []string{"US"}, Kind: identifier.DNumber,
		}, list, now, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Assess(found, name, now)
		if a.State() == AccountReady {
			if _, err := a.Open(AccountOpening{Holder: name, BBAN: "99991234566", At: now}); err != nil {
				t.Fatal(err)
			}
		}
		if a.State() != want {
			t.Errorf("%s: %s", name, a.State())
		}
	}
}
