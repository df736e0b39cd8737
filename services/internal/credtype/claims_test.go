package credtype

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func claimsOf(t *testing.T, typ Type) map[string]claim {
	t.Helper()
	claims, err := typ.claims()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]claim{}
	for _, c := range claims {
		found[dotted(c.path)] = c
	}
	return found
}

// What claims reads of a schema is all that there is to read: another keyword
// could bring a claim that it does not see.
func TestSchemasSayTheirClaimsInOneWay(t *testing.T) {
	understood := []string{
		"$schema", "$id", "title", "description", "type", "properties", "required", "additionalProperties", "items", "minItems",
		"uniqueItems", "const", "enum", "pattern", "format", "minLength", "maxLength", "minimum", "exclusiveMinimum", "maximum",
	}
	var check func(typ Type, at string, node map[string]any)
	check = func(typ Type, at string, node map[string]any) {
		for keyword := range node {
			if !slices.Contains(understood, keyword) {
				t.Errorf("%s %s: the keyword %s", typ.Name, at, keyword)
			}
		}
		if node["type"] == "object" && node["additionalProperties"] != false {
			t.Errorf("%s %s takes claims that it does not name", typ.Name, at)
		}
		properties, _ := node["properties"].(map[string]any)
		for name, property := range properties {
			if strings.ContainsAny(name, ".*[]") || strings.HasPrefix(name, "_sd") {
				t.Errorf("%s %s: a claim named %s", typ.Name, at, name)
			}
			check(typ, below(at, name), property.(map[string]any))
		}
		if items, ok := node["items"].(map[string]any); ok {
			check(typ, at+"[]", items)
		} else if node["type"] == "array" {
			t.Errorf("%s %s: nothing is said of the elements", typ.Name, at)
		}
	}
	for _, typ := range All() {
		raw, err := typ.Schema()
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(raw, &root); err != nil {
			t.Fatal(err)
		}
		check(typ, "", root)
	}
}

func TestTableAndSchemaNameTheSameClaims(t *testing.T) {
	// Neither required nor optional in the programme's lists, but in the
	// example beside them.
	unlisted := []string{"employer.identifier", "signatory.authorised_by"}
	for _, typ := range All() {
		claims := claimsOf(t, typ)
		listed := slices.Concat(typ.Required, typ.Optional)
		for _, path := range listed {
			c, known := claims[path]
			if !known {
				t.Errorf("%s: %s is not in the schema", typ.Name, path)
			}
			if required := slices.Contains(typ.Required, path); c.mandatory != required {
				t.Errorf("%s: %s is required by the table: %v, by the schema: %v", typ.Name, path, required, c.mandatory)
			}
		}
		for path := range claims {
			if slices.Contains(unlisted, path) {
				continue
			}
			if !slices.ContainsFunc(listed, func(other string) bool { return within(path, other) || within(other, path) }) {
				t.Errorf("%s: %s is not in the table", typ.Name, path)
			}
		}
		for _, path := range typ.SelectivelyDisclosable {
			if !slices.ContainsFunc(claimsWith(claims, true), func(other string) bool {
				return other == path || strings.HasPrefix(other, strings.TrimSuffix(path, "*"))
			}) {
				t.Errorf("%s: %s is disclosable and not in the schema", typ.Name, path)
			}
		}
	}
}

// within says that a claim is another, or lies below it.
func within(path, other string) bool {
	rest, ok := strings.CutPrefix(path, other)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func claimsWith(claims map[string]claim, disclosable bool) (paths []string) {
	for path, c := range claims {
		if c.disclosable == disclosable {
			paths = append(paths, path)
		}
	}
	return paths
}

func TestHolderMayKeepBackWhatTheTableSays(t *testing.T) {
	for name, want := range map[string][]string{
		OfferOfEmployment: {
			"given_name", "family_name", "birthdate", "sex", "place_of_birth", "nationalities", "email", "phone_number",
			"passport.document_number", "passport.issuing_authority", "passport.issuing_country", "passport.date_of_issuance",
			"passport.date_of_expiry", "employment.annual_salary", "current_country", "duf_number",
		},
		EmployerAccreditation: nil,
		TaxCard:               {"identifier", "deductions"},
		"VisitInvitation":     {"guest.given_name", "guest.family_name", "guest.birthdate", "guest.passport_number"},
	} {
		typ, _ := Find(name)
		got, err := typ.Disclosable()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// Two disclosures, one within the other, would give the inner claim no place
// of its own in the table of a verifier.
func TestNothingIsDisclosableWithinADisclosure(t *testing.T) {
	for _, typ := range All() {
		paths, err := typ.Disclosable()
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			for _, other := range paths {
				if path != other && within(path, other) {
					t.Errorf("%s: %s lies within %s", typ.Name, path, other)
				}
			}
		}
	}
}

func TestClaimsStandInTheOrderOfTheSchema(t *testing.T) {
	typ, _ := Find("LanguageTestResult")
	claims, err := typ.claims()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range claims {
		got = append(got, dotted(c.path))
	}
	want := []string{
		"test_name", "test_date", "given_name", "family_name", "birthdate", "results", "results[]", "results[].part",
		"results[].cefr", "results[].result", "candidate_number", "test_site", "supersedes_best_of",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	for path, mandatory := range map[string]bool{"results": true, "results[]": true, "results[].part": true, "results[].cefr": false, "test_site": false} {
		if claimsOf(t, typ)[path].mandatory != mandatory {
			t.Errorf("%s is mandatory: %v", path, !mandatory)
		}
	}
	// A tax card without deductions is one, and a permit without an employer.
	card, _ := Find(TaxCard)
	permit, _ := Find(ResidencePermit)
	if claimsOf(t, card)["deductions[].code"].mandatory || claimsOf(t, permit)["employer.organisation_number"].mandatory {
		t.Error("a claim within what may be missing is mandatory")
	}
}

func TestDisclosablePathsBearTheNamesOfSDJWT(t *testing.T) {
	typ, _ := Find(Appointment)
	typ.SelectivelyDisclosable = []string{"given_name", "status"}
	if got, err := typ.Disclosable(); err != nil || !slices.Equal(got, []string{"given_name", "appointment_status"}) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestDeepClaimsKeepTheirOwnPaths(t *testing.T) {
	var root schemaNode
	deep := `{"properties":{"a":{"properties":{"b":{"properties":{"c":{"items":{"properties":{"d":{},"e":{}}}}}}}}}}`
	if err := json.Unmarshal([]byte(deep), &root); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range (Type{}).walk(root, nil, true) {
		got = append(got, dotted(c.path))
	}
	if want := []string{"a", "a.b", "a.b.c", "a.b.c[]", "a.b.c[].d", "a.b.c[].e"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
