package credtype

import (
	"bytes"
	"encoding/json"
	"maps"
	"math"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func metadata(t *testing.T, typ Type) ([]byte, typeMetadata) {
	t.Helper()
	raw, err := typ.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	var document typeMetadata
	if err := in.Decode(&document); err != nil {
		t.Fatal(err)
	}
	return raw, document
}

func file(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/metadata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func parsed(t *testing.T, raw []byte) any {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// schema.json is ours, made from the draft's text; the draft's own example
// (appendix "Example 2: Type Metadata") holds it to what the draft means.
func TestMetadataHasTheFormOfTheDraft(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("metadata", parsed(t, file(t, "schema.json"))); err != nil {
		t.Fatal(err)
	}
	form, err := compiler.Compile("metadata")
	if err != nil {
		t.Fatal(err)
	}
	if err := form.Validate(parsed(t, file(t, "example.json"))); err != nil {
		t.Errorf("the draft's example: %v", err)
	}
	for _, typ := range All() {
		raw, document := metadata(t, typ)
		if err := form.Validate(parsed(t, raw)); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		if document.VCT != typ.VCT || document.Name != typ.Name {
			t.Errorf("%s speaks of %s, %s", typ.Name, document.VCT, document.Name)
		}
		if len(raw) > 64<<10 {
			t.Errorf("%s: %d bytes are more than careful readers take", typ.Name, len(raw))
		}
	}
	for name, broken := range map[string]string{
		"no vct":           `{}`,
		"no path":          `{"vct":"x","claims":[{"sd":"never"}]}`,
		"empty path":       `{"vct":"x","claims":[{"path":[]}]}`,
		"path of booleans": `{"vct":"x","claims":[{"path":[true]}]}`,
		"sd maybe":         `{"vct":"x","claims":[{"path":["a"],"sd":"maybe"}]}`,
		"lang":             `{"vct":"x","claims":[{"path":["a"],"display":[{"lang":"en","label":"A"}]}]}`,
		"empty label":      `{"vct":"x","claims":[{"path":["a"],"display":[{"locale":"en","label":""}]}]}`,
		"no name":          `{"vct":"x","display":[{"locale":"en"}]}`,
	} {
		if form.Validate(parsed(t, []byte(broken))) == nil {
			t.Errorf("%s passes", name)
		}
	}
}

func TestMetadataSaysOfClaimsWhatTableAndSchemaSay(t *testing.T) {
	for _, typ := range All() {
		_, document := metadata(t, typ)
		claims, err := typ.claims()
		if err != nil {
			t.Fatal(err)
		}
		if len(document.Claims) != len(claims) {
			t.Fatalf("%s: %d claims of %d", typ.Name, len(document.Claims), len(claims))
		}
		disclosable, err := typ.Disclosable()
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range document.Claims {
			path := dotted(m.Path)
			if want := typ.inSDJWT(claims[i].path); !reflect.DeepEqual(m.Path, want) {
				t.Errorf("%s: %v stands where %v should", typ.Name, m.Path, want)
			}
			if m.Mandatory != claims[i].mandatory {
				t.Errorf("%s: %s is mandatory: %v", typ.Name, path, m.Mandatory)
			}
			// "allowed" would leave it to the issuer.
			if want := map[bool]string{true: "always", false: "never"}[slices.Contains(disclosable, path)]; m.SD != want {
				t.Errorf("%s: %s may be kept back: %s, not %s", typ.Name, path, m.SD, want)
			}
		}
	}
	typ, _ := Find(Appointment)
	if _, document := metadata(t, typ); !slices.ContainsFunc(document.Claims, func(m claimMetadata) bool { return dotted(m.Path) == "appointment_status" }) {
		t.Error("the metadata does not speak of the names in SD-JWT VC")
	}
}

// Forms and services of the state are in both forms of Norwegian (språklova,
// § 14); the worker reads English.
func TestEverythingIsSaidInThreeLanguages(t *testing.T) {
	texts, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"nb-NO", "nn-NO", "en"}
	slugs, used := map[string]bool{}, map[string]bool{}
	for _, typ := range All() {
		slugs[typ.Slug()] = true
		_, document := metadata(t, typ)
		var tags []string
		for _, d := range document.Display {
			tags = append(tags, d.Locale)
			if d.Name == "" || d.Description == "" {
				t.Errorf("%s has no text in %s", typ.Name, d.Locale)
			}
		}
		if !slices.Equal(tags, want) {
			t.Errorf("%s is shown in %q", typ.Name, tags)
		}
		for path, c := range claimsOf(t, typ) {
			m := texts.claim(typ, c)
			if strings.HasSuffix(path, "[]") {
				if m.Display != nil {
					t.Errorf("%s: %s has texts of its own", typ.Name, path)
				}
				continue
			}
			used[path] = true
			tags = nil
			for _, d := range m.Display {
				tags = append(tags, d.Locale)
				if d.Label == "" {
					t.Errorf("%s: %s has no label in %s", typ.Name, path, d.Locale)
				}
			}
			if !slices.Equal(tags, want) {
				t.Errorf("%s: %s is shown in %q", typ.Name, path, tags)
			}
		}
	}
	for slug := range texts.types {
		if !slugs[slug] {
			t.Errorf("the texts of type %s are of no type", slug)
		}
	}
	for path := range texts.claims.Labels {
		if !used[path] {
			t.Errorf("the label of %s is of no claim", path)
		}
	}
	for path, description := range texts.claims.Descriptions {
		if !used[path] || description.NB == "" || description.NN == "" || description.EN == "" {
			t.Errorf("the description of %s is of no claim, or not in all languages", path)
		}
	}
}

// all is every text, by where it stands.
func (texts *allTexts) all() map[string]text {
	all := map[string]text{}
	for slug, about := range texts.types {
		all["name of "+slug], all["description of "+slug] = about.Name, about.Description
	}
	for path, label := range texts.claims.Labels {
		all["label of "+path] = label
	}
	for path, description := range texts.claims.Descriptions {
		all["description of "+path] = description
	}
	return all
}

func TestTextsAreWrittenInTheirLanguage(t *testing.T) {
	texts, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	// Words that are of the other form of Norwegian only.
	foreign := map[string][]string{
		"nb-NO": {"ikkje", "frå", "kva", "kven", "korleis", "ein", "eit", "namn", "føremål", "arbeidsgivar", "løyve", "noreg", "opphald", "vart", "søkjer", "utan", "saka"},
		"nn-NO": {"ikke", "fra", "hva", "hvem", "hvordan", "en", "et", "navn", "formål", "arbeidsgiver", "tillatelse", "norge", "opphold", "ble", "søker", "uten", "saken"},
		"en":    {"og", "ikke", "ikkje", "norge", "noreg", "av"},
	}
	for where, text := range texts.all() {
		for _, l := range locales {
			said := l.of(text)
			if strings.TrimSpace(said) != said || strings.Contains(said, "  ") {
				t.Errorf("%s in %s: %q", where, l.tag, said)
			}
			if sentence := strings.HasPrefix(where, "description"); strings.HasSuffix(said, ".") != sentence {
				t.Errorf("%s in %s ends wrongly: %q", where, l.tag, said)
			}
			for _, word := range strings.FieldsFunc(strings.ToLower(said), func(r rune) bool { return strings.ContainsRune(" .,()-", r) }) {
				if slices.Contains(foreign[l.tag], word) {
					t.Errorf("%s in %s says %q", where, l.tag, word)
				}
			}
		}
	}
}

// The labels of the offer's form, and those of the same thing in other places.
func TestSameThingHasTheSameLabel(t *testing.T) {
	texts, err := readTexts()
	if err != nil {
		t.Fatal(err)
	}
	for last, want := range map[string]text{
		"given_name":          {"Fornavn", "Førenamn", "Given name(s)"},
		"family_name":         {"Etternavn", "Etternamn", "Family name"},
		"birthdate":           {"Fødselsdato", "Fødselsdato", "Date of birth"},
		"organisation_number": {"Organisasjonsnummer", "Organisasjonsnummer", "Organisation number"},
		"legal_name":          {"Registrert navn", "Registrert namn", "Registered name"},
		"document_number":     {"Passnummer", "Passnummer", "Passport number"},
		"passport_number":     {"Passnummer", "Passnummer", "Passport number"},
		"date_of_issuance":    {"Utstedt dato", "Utferdingsdato", "Date of issue"},
		"date_of_expiry":      {"Gyldig til", "Gyldig til", "Date of expiry"},
		"issuing_country":     {"Utstederland", "Utferdarland", "Issuing country"},
	} {
		found := false
		for path, label := range texts.claims.Labels {
			if path == last || strings.HasSuffix(path, "."+last) {
				found = true
				if label != want {
					t.Errorf("%s is called %v", path, label)
				}
			}
		}
		if !found {
			t.Errorf("nothing is called %s", last)
		}
	}
}

// A credential carries the hash of the metadata of its day as vct#integrity,
// and its readers hold the document against it. Whoever changes a text, a
// colour or a claim of a published type makes a new version of the type: a new
// vct. The hashes were made of the documents with another program.
func TestPublishedMetadataStaysAsItIs(t *testing.T) {
	var published map[string]string
	if err := json.Unmarshal(file(t, "integrity.json"), &published); err != nil {
		t.Fatal(err)
	}
	now := map[string]string{}
	for _, typ := range All() {
		integrity, err := typ.Integrity()
		if err != nil {
			t.Fatal(err)
		}
		now[typ.VCT] = integrity
	}
	if !maps.Equal(now, published) {
		made, err := json.MarshalIndent(now, "", "  ")
		t.Errorf("the metadata is not what was published, but\n%s\n%v", made, err)
	}
}

// WCAG 2.1, success criterion 1.4.3: at least 4.5 to 1.
func TestCardsCanBeRead(t *testing.T) {
	for _, typ := range All() {
		_, document := metadata(t, typ)
		for _, d := range document.Display {
			simple := d.Rendering.Simple
			ratio := (luminance(t, simple.TextColor) + 0.05) / (luminance(t, simple.BackgroundColor) + 0.05)
			if ratio < 4.5 {
				t.Errorf("%s in %s: %s on %s has a contrast of %.1f", typ.Name, d.Locale, simple.TextColor, simple.BackgroundColor, ratio)
			}
		}
	}
}

// luminance is the relative luminance of a colour (WCAG 2.1, definitions).
func luminance(t *testing.T, color string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift int, weight float64) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.03928 {
			return weight * c / 12.92
		}
		return weight * math.Pow((c+0.055)/1.055, 2.4)
	}
	return part(16, 0.2126) + part(8, 0.7152) + part(0, 0.0722)
}
