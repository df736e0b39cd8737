package bank

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/bank/internal/sanctions"
)

const pilot = `
did: did:web:bank.kompetansespor.example
development: true
bank: {organisation_number: "310000027", name: Testbanken, bic: TESTNOKK, code: "9999"}
banks:
  - organisation_number: "310000051"
    name: Sparebanken Test
    bic: SPTENO22
    code: "9998"
    rules:
      - {valid_from: "2026-01-01", source: its terms, identifier: FNR, bankid: CLERK, enhanced: [d-number], confirmation_days: 14}
      - {valid_from: "2027-01-01", source: its terms, identifier: FNR_OR_D_NUMBER, bankid: POLICE, confirmation_days: 30, confirm_bban: true, confirm_bankid: true}
`

func read(t *testing.T, text string) *Config {
	t.Helper()
	var c Config
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// wrong are the bank's own findings, by field.
func wrong(c *Config) (fields []string) {
	for _, v := range c.Validate() {
		if f := v.Field; f == "did" || strings.HasPrefix(f, "bank") || strings.HasPrefix(f, "sanctions") {
			fields = append(fields, f)
		}
	}
	return fields
}

func TestBanksAreTenantsEachWithADID(t *testing.T) {
	c := read(t, pilot)
	if got := wrong(c); got != nil {
		t.Error(got)
	}
	banks := c.tenants("bank.kompetansespor.example")
	if len(banks) != 2 || banks[0].DID != "did:web:bank.kompetansespor.example" || banks[1].DID != "did:web:bank.kompetansespor.example:banks:310000051" {
		t.Fatalf("%+v", banks)
	}
	now, err := banks[1].At(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))
	if err != nil || now.TakesDNumber || !now.OffersBankID || now.PoliceIdentify || !slices.Equal(now.Enhanced, []string{"d-number"}) || now.Confirmation.Days != 14 || now.Confirmation.BBAN {
		t.Errorf("%+v %v", now, err)
	}
	later, err := banks[1].At(time.Date(2027, 11, 23, 0, 0, 0, 0, time.UTC))
	if err != nil || !later.TakesDNumber || !later.PoliceIdentify || !later.Confirmation.BBAN || !later.Confirmation.BankID {
		t.Errorf("%+v %v", later, err)
	}
}

func TestConfigurationThatCannotBeIsNamed(t *testing.T) {
	for _, one := range []struct{ old, new, field string }{
		{"did: did:web:bank.kompetansespor.example\n", "", "did"},
		{`"310000027"`, `"310000028"`, "bank.organisation_number"},
		{"SPTENO22", "SPTESE22", "banks[0].bic"},
		{`code: "9998"`, `code: "9999"`, "banks"},
		{"identifier: FNR,", "identifier: PASSPORT,", "banks[0].rules.identifier"},
		{"bankid: CLERK", "bankid: PERHAPS", "banks[0].rules.bankid"},
		{"enhanced: [d-number]", "enhanced: [under-age]", "banks[0].rules.enhanced"},
		{"confirmation_days: 14", "confirmation_days: 0", "banks[0].rules.confirmation.days"},
		{`"2027-01-01"`, `"2026-01-01"`, "banks[0].rules.valid_from"},
		{"development: true\n", "", "sanctions.list"},
	} {
		if !strings.Contains(pilot, one.old) {
			t.Fatal(one.old)
		}
		if got := wrong(read(t, strings.Replace(pilot, one.old, one.new, 1))); !slices.Contains(got, one.field) {
			t.Errorf("%s: %v", one.field, got)
		}
	}
	if got := wrong(read(t, "development: true\n")); !slices.Contains(got, "banks") {
		t.Error(got)
	}
}

func TestListOfDevelopmentIsWholeAndInvented(t *testing.T) {
	list, err := sanctions.Parse(developmentList)
	if err != nil {
		t.Fatal(err)
	}
	if err := list.Check(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Error(err)
	}
}
