package desk_test

import (
	"bytes"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/onboarding"
)

func TestNumberIsToldForItsPurposesOnly(t *testing.T) {
	x := open(t)
	x.granted(t, "case_1")
	if _, _, err := x.Identifier(t.Context(), "case_1", "account-opening", "bank"); fault.RuleOf(err) != "identifier.not-assigned" {
		t.Error(err)
	}
	x.identified(t, "case_1")
	if _, _, err := x.Identifier(t.Context(), "case_1", "marketing", "bank"); fault.KindOf(err) != fault.Denied {
		t.Error(err)
	}
	if _, _, err := x.Identifier(t.Context(), "case_2", "account-opening", "bank"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if len(x.line(t, "case_1").Holders) != 0 {
		t.Error("who was told nothing is a holder")
	}
	for caller, purpose := range map[string]string{"bank": "account-opening", "issuer": "tax-card"} {
		current, former, err := x.Identifier(t.Context(), "case_1", purpose, caller)
		if err != nil || current.Number != x.number(t, "case_1") || len(former) != 0 || current.AssignedAt.IsZero() {
			t.Error(caller, err)
		}
	}
}

// A D-number that is replaced: everybody learns of it, who held the old one is
// known, and asking again gives the current one and the one that was.
func TestDNumberIsReplacedAndEverybodyWhoHeldItIsTold(t *testing.T) {
	for name, prolong := range map[string]func(*testing.T, *tax){
		"by a clerk": func(t *testing.T, x *tax) {
			for range 2 {
				if err := x.ReplaceIdentifier(t.Context(), "case_1"); err != nil {
					t.Fatal(err)
				}
			}
			x.work(t)
		},
		"by a longer permit": func(t *testing.T, x *tax) {
			x.spoil = nil
			x.must(t, "verifier", "case.corrected", "case_1", map[string]any{"fields": []any{"employment.end_date"}})
		},
	} {
		x := open(t)
		x.spoil = func(v *onboarding.View) { v.Permit.ValidUntil = v.Permit.ValidFrom.AddDate(0, 5, 0) }
		old := x.assigned(t, "case_1")
		for caller, purpose := range map[string]string{"bank": "account-opening", "issuer": "tax-card"} {
			if current, _, err := x.Identifier(t.Context(), "case_1", purpose, caller); err != nil || current.Number != old || current.Kind != identifier.DNumber {
				t.Fatal(current, err)
			}
		}
		prolong(t, x)
		number := x.number(t, "case_1")
		if kind, err := identifier.CheckPersonNumber(number, identifier.Synthetic, identifier.ControlUntil2032); err != nil || kind != identifier.BirthNumber {
			t.Fatalf("%s: %s %v", name, kind, err)
		}
		if x.register.asked[1].Replaces != old {
			t.Errorf("%s: the register was not told which number is replaced", name)
		}
		if data := x.data(t, "case_1", "identifier.replaced"); data["kind"] != "FNR" || data["replaced_kind"] != "D_NUMBER" {
			t.Errorf("%s: %v", name, data)
		}
		for _, h := range x.line(t, "case_1").Holders {
			if h.Ordinal != 0 {
				t.Errorf("%s: %+v is said to hold the new number", name, h)
			}
		}
		current, former, err := x.Identifier(t.Context(), "case_1", "account-opening", "bank")
		if err != nil || current.Number != number || len(former) != 1 || former[0].Number != old || former[0].ReplacedAt.IsZero() {
			t.Errorf("%s: %+v %+v %v", name, current, former, err)
		}
		holders := x.line(t, "case_1").Holders
		if len(holders) != 2 || holders[0].Caller != "bank" || holders[0].Ordinal != 1 || holders[1].Ordinal != 0 {
			t.Errorf("%s: %+v", name, holders)
		}
		// The old credentials are revoked, and others stand in their place.
		for kind, count := range x.standing(t, "case_1") {
			if count[0] != 1 || count[1] < 1 {
				t.Errorf("%s: %d %ss stand, %d are revoked", name, count[0], kind, count[1])
			}
		}
		if card := x.line(t, "case_1").Registration.Card(); card.Number != number {
			t.Errorf("%s: the card names another number", name)
		}
	}
}

// standing counts the credentials of a case and those that they replaced: how
// many stand, how many are revoked.
func (x *tax) standing(t testing.TB, caseRef string) map[string][2]int {
	t.Helper()
	rows, err := x.DB.Read().QueryContext(t.Context(), `SELECT type, state FROM issuance WHERE reference = $1 OR reference LIKE $2`, caseRef, caseRef+"/%")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	all := map[string][2]int{}
	for rows.Next() {
		var kind, state string
		if err := rows.Scan(&kind, &state); err != nil {
			t.Fatal(err)
		}
		count := all[kind]
		if state == "withdrawn" {
			count[1]++
		} else {
			count[0]++
		}
		all[kind] = count
	}
	return all
}

func TestNumberIsSealedAtRest(t *testing.T) {
	x := open(t)
	number := x.assigned(t, "case_1")
	for table, columns := range map[string][]string{
		"person_number": {"number", "fingerprint"}, "population_number": {"fingerprint", "person"}, "population_person": {"number", "birth"},
		"population_key": {"value"}, "population_answer": {"answer"}, "population_requisition": {"request"},
	} {
		for _, column := range columns {
			var kept []byte
			if err := x.DB.Read().QueryRowContext(t.Context(), `SELECT `+column+` FROM `+table).Scan(&kept); err != nil {
				t.Fatal(table, column, err)
			}
			if len(kept) == 0 || bytes.Contains(kept, []byte(number)) || bytes.Contains(kept, []byte("1990")) {
				t.Errorf("%s.%s can be read", table, column)
			}
		}
	}
}
