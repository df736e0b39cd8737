package offer

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/synthetic"
)

// formOf is an offer of the demonstration as the form has it: their members have
// the same names.
func formOf(t *testing.T, from any) Form {
	t.Helper()
	raw, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	var form Form
	if err := json.Unmarshal(raw, &form); err != nil {
		t.Fatal(err)
	}
	return form
}

func TestSyntheticPeoplePassTheForm(t *testing.T) {
	employer := synthetic.Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"}
	for i, o := range synthetic.Offers(3, 500, slideToday, employer) {
		terms, err := Check(formOf(t, o), slideToday, DefaultRules(identifier.Synthetic))
		if err != nil {
			t.Fatalf("person %d: %v", i, err)
		}
		if len(terms.Warnings()) != 0 {
			t.Errorf("person %d: %v", i, terms.Warnings())
		}
		if err := credtype.Validate(credtype.OfferOfEmployment, terms.Claims(Issuance{OfferID: "off_1", IssuedAt: slideToday})); err != nil {
			t.Errorf("person %d: %v", i, err)
		}
	}
}

func TestTheDemonstrationsInputPassesTheForm(t *testing.T) {
	raw, err := os.ReadFile("../../../../deploy/demo/lisa-johnson.json")
	if err != nil {
		t.Fatal(err)
	}
	var input synthetic.Offer
	if err := json.Unmarshal(raw, &input); err != nil {
		t.Fatal(err)
	}
	input.Employment.StartDate = slideToday.AddDate(0, 0, 14).Format(isoDate)
	input.Employment.EndDate = slideToday.AddDate(0, 12, 14).Format(isoDate)
	if _, err := Check(formOf(t, input), slideToday, DefaultRules(identifier.Synthetic)); err != nil {
		t.Error(err)
	}
}
