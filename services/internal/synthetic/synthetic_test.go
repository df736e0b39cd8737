package synthetic

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
)

var (
	today    = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	employer = Employer{OrganisationNumber: "310000019", LegalName: "University of Oslo", ContactEmail: "hr@example.com"}
)

func TestEveryoneIsDistinct(t *testing.T) {
	emails, passports := map[string]bool{}, map[string]bool{}
	beyondASCII := 0
	for _, o := range Offers(1, 500, today, employer) {
		emails[o.Email], passports[o.Passport.DocumentNumber] = true, true
		if err := identifier.CheckEmail(o.Email); err != nil {
			t.Error(err)
		}
		for _, name := range []string{o.GivenName, o.FamilyName} {
			if _, err := identifier.RegisterName(name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, r := range o.GivenName + o.FamilyName {
			if r > 127 {
				beyondASCII++
				break
			}
		}
	}
	if len(emails) != 500 || len(passports) != 500 || beyondASCII < 100 {
		t.Errorf("%d e-mails, %d passports, %d names beyond ASCII", len(emails), len(passports), beyondASCII)
	}
}

func TestSeedDecidesThePeople(t *testing.T) {
	a, b := Offers(7, 20, today, employer), Offers(7, 20, today, employer)
	if !reflect.DeepEqual(a, b) || reflect.DeepEqual(a, Offers(8, 20, today, employer)) {
		t.Error("the seed does not decide")
	}
	if !reflect.DeepEqual(a[:10], Offers(7, 10, today, employer)) {
		t.Error("the number of people changes who they are")
	}
	if len(Offers(7, -1, today, employer)) != 0 {
		t.Error("people out of nothing")
	}
}

func TestInputFileHasTheSameMembers(t *testing.T) {
	raw, err := os.ReadFile("../../../deploy/demo/lisa-johnson.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var o Offer
	if err := decoder.Decode(&o); err != nil {
		t.Fatal(err)
	}
	if o.GivenName != "Lisa" || o.DUFNumber != "" || o.Employer.OrganisationNumber != "310000019" || o.Employment.StartDate != "+14d" {
		t.Errorf("got %+v", o)
	}
}

// Who has name and birth date of another is for a clerk, who is not part of a run.
func TestNobodyCouldBeTakenForAnother(t *testing.T) {
	for seed := range uint64(50) {
		known := map[string]bool{}
		for _, o := range Offers(seed, 200, today, employer) {
			who := plain(o.GivenName) + plain(o.FamilyName) + o.Birthdate
			if known[who] {
				t.Errorf("seed %d has %s %s twice", seed, o.GivenName, o.FamilyName)
			}
			known[who] = true
		}
	}
}
