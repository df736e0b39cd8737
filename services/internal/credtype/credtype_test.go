package credtype

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

func example(t *testing.T, typ Type) map[string]any {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", typ.Slug()+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// take removes the claim at a dotted path.
func take(claims map[string]any, path string) {
	head, rest, nested := strings.Cut(path, ".")
	if !nested {
		delete(claims, head)
		return
	}
	take(claims[head].(map[string]any), rest)
}

func violates(err error, field, rule string) bool {
	return slices.ContainsFunc(fault.From(err).Violations, func(v fault.Violation) bool { return v.Field == field && v.Rule == rule })
}

func TestThereAreThirteenTypes(t *testing.T) {
	names, vcts := map[string]bool{}, map[string]bool{}
	for _, typ := range All() {
		names[typ.Name], vcts[typ.VCT] = true, true
		if found, ok := Find(typ.Name); !ok || found.VCT != typ.VCT {
			t.Errorf("%s is not found by its name", typ.Name)
		}
	}
	if len(names) != 13 || len(vcts) != 13 {
		t.Errorf("%d names, %d type URLs", len(names), len(vcts))
	}
	if _, ok := Find("Diploma"); ok {
		t.Error("an unknown type was found")
	}
}

func TestSchemaNamesItself(t *testing.T) {
	for _, typ := range All() {
		raw, err := typ.Schema()
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			ID    string `json:"$id"`
			Title string `json:"title"`
		}
		if err := json.Unmarshal(raw, &schema); err != nil || schema.ID != typ.SchemaID() || schema.Title != typ.Name {
			t.Errorf("%s: schema says %+v, %v", typ.Name, schema, err)
		}
	}
}

func TestExampleFitsItsType(t *testing.T) {
	for _, typ := range All() {
		claims := example(t, typ)
		if err := Validate(typ.Name, claims); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		claims["id"] = "did:key:z6MkExample"
		if err := Validate(typ.Name, claims); err != nil {
			t.Errorf("%s with its subject's DID: %v", typ.Name, err)
		}
	}
}

func TestEveryRequiredClaimIsRequired(t *testing.T) {
	for _, typ := range All() {
		for _, path := range typ.Required {
			claims := example(t, typ)
			take(claims, path)
			if err := Validate(typ.Name, claims); !violates(err, path, "schema.required") {
				t.Errorf("%s without %s: %v", typ.Name, path, err)
			}
		}
	}
}

func TestClaimThatTheTypeDoesNotHaveIsRefused(t *testing.T) {
	for _, typ := range All() {
		claims := example(t, typ)
		claims["Given_Name"] = "Mallory"
		if err := Validate(typ.Name, claims); !violates(err, "", "schema.additional-properties") || strings.Contains(err.Error(), "Given_Name") {
			t.Errorf("%s: %v", typ.Name, err)
		}
	}
}

func TestAllViolationsComeAtOnceWithoutValues(t *testing.T) {
	typ, _ := Find(OfferOfEmployment)
	claims := example(t, typ)
	claims["birthdate"] = "01.01.1990"
	claims["sex"] = 9
	claims["duf_number"] = "123456789"
	claims["employment"].(map[string]any)["annual_salary"].(map[string]any)["amount"] = 634700.5
	claims["declarations"].(map[string]any)["information_verified"] = false
	delete(claims, "email")
	err := Validate(typ.Name, claims)
	for field, rule := range map[string]string{
		"birthdate": "schema.format", "sex": "schema.enum", "duf_number": "schema.pattern", "email": "schema.required",
		"employment.annual_salary.amount": "schema.type", "declarations.information_verified": "schema.const",
	} {
		if !violates(err, field, rule) {
			t.Errorf("%s does not break %s: %v", field, rule, err)
		}
	}
	for _, value := range []string{"01.01.1990", "123456789", "634700.5"} {
		if strings.Contains(err.Error(), value) {
			t.Errorf("the error carries %s", value)
		}
	}
}

func TestUnknownTypeIsRefused(t *testing.T) {
	if err := Validate("Diploma", map[string]any{}); fault.RuleOf(err) != "schema.unknown-type" {
		t.Error(err)
	}
	if err := Validate(OfferOfEmployment, map[string]any{"x": func() {}}); fault.RuleOf(err) != "schema.claims" {
		t.Error(err)
	}
}

func TestTypeNamesItsClaimsAndNothingElse(t *testing.T) {
	offer, _ := Find(OfferOfEmployment)
	for path, want := range map[string]bool{
		"given_name": true, "employment.end_date": true, "passport.*": true, "employment.*": true,
		"": false, "*": false, ".*": false, "passport": false, "passport.": false, "passport.*.*": false, "given_name.*": false,
		"pass.*": false, "Given_name": false, "iban": false,
	} {
		if offer.Names(path) != want {
			t.Errorf("%q: %v, want %v", path, !want, want)
		}
	}
}
