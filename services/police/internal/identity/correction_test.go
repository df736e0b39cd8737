package identity_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/police/internal/identity"
)

var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestCorrectionNamesItsFieldsInOrder(t *testing.T) {
	c, err := identity.Correct([]identity.Field{
		{"passport.document_number", "AB1234567"}, {"given_name", "Anne-Marie Ó."}, {"nationalities", []any{"US", "CA"}}, {"sex", 1.0},
		{"birthdate", "1990-02-28"}, {"family_name", "D’Arc"}, {"passport.issuing_country", "CA"}, {"passport.date_of_expiry", "2033-01-01"},
	}, "officer-1", now)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"birthdate", "family_name", "given_name", "nationalities", "passport.date_of_expiry", "passport.document_number", "passport.issuing_country", "sex"}
	if !slices.Equal(c.Paths(), want) || c.None() || c.Officer() != "officer-1" || !c.At().Equal(now) {
		t.Errorf("%+v", c)
	}
	if c.Text("given_name", "Lisa") != "Anne-Marie Ó." || !reflect.DeepEqual(c.Texts("nationalities", nil), []string{"US", "CA"}) {
		t.Error("the corrected value does not count")
	}
	var none identity.Correction
	if !none.None() || none.Text("given_name", "Lisa") != "Lisa" || !reflect.DeepEqual(none.Texts("nationalities", []string{"US"}), []string{"US"}) {
		t.Error("no correction changes something")
	}
}

func TestCorrectionThatCannotBeIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		rule  string
		field identity.Field
	}{
		"another field":    {"identity.field-unknown", identity.Field{Path: "email", Value: "a@b.no"}},
		"no text":          {"identity.field-form", identity.Field{Path: "given_name", Value: 7.0}},
		"empty name":       {"identity.field-form", identity.Field{Path: "given_name", Value: ""}},
		"invisible":        {"identity.field-form", identity.Field{Path: "given_name", Value: "Li\u200bsa"}},
		"right to left":    {"identity.field-form", identity.Field{Path: "family_name", Value: "\u202eJohnson"}},
		"digits in a name": {"identity.field-form", identity.Field{Path: "family_name", Value: "J0hnson"}},
		"signs alone":      {"identity.field-form", identity.Field{Path: "family_name", Value: "--"}},
		"space around":     {"identity.field-form", identity.Field{Path: "family_name", Value: " Johnson"}},
		"no date":          {"identity.field-form", identity.Field{Path: "birthdate", Value: "1990-02-30"}},
		"no sex":           {"identity.field-form", identity.Field{Path: "sex", Value: 7.0}},
		"half a sex":       {"identity.field-form", identity.Field{Path: "sex", Value: 1.5}},
		"no country":       {"identity.field-form", identity.Field{Path: "passport.issuing_country", Value: "ca"}},
		"alpha-3":          {"identity.field-form", identity.Field{Path: "nationalities", Value: []any{"USA"}}},
		"no nationality":   {"identity.field-form", identity.Field{Path: "nationalities", Value: []any{}}},
		"twice a country":  {"identity.field-form", identity.Field{Path: "nationalities", Value: []any{"US", "US"}}},
		"document number":  {"identity.field-form", identity.Field{Path: "passport.document_number", Value: "ab12345"}},
	} {
		_, err := identity.Correct([]identity.Field{c.field}, "officer-1", now)
		if f := fault.From(err); f.Kind != fault.Invalid || len(f.Violations) != 1 || f.Violations[0].Rule != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	twice := []identity.Field{{"given_name", "Ann"}, {"given_name", "Anna"}}
	if _, err := identity.Correct(twice, "officer-1", now); len(fault.From(err).Violations) != 1 || fault.From(err).Violations[0].Rule != "identity.field-twice" {
		t.Error(err)
	}
	for _, bad := range []func() error{
		func() error { _, err := identity.Correct(nil, "officer-1", now); return err },
		func() error { _, err := identity.Correct(twice[:1], "", now); return err },
		func() error { _, err := identity.Correct(twice[:1], "officer-1", time.Time{}); return err },
	} {
		if err := bad(); fault.RuleOf(err) != "identity.correction" {
			t.Error(err)
		}
	}
}
