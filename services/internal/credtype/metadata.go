package credtype

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// Metadata is the type's document at its vct URL: SD-JWT VC Type Metadata, as
// of draft-ietf-oauth-sd-jwt-vc-12 and later, with display texts in bokmål,
// nynorsk and English. It is made from the table, the schema and the texts;
// the bytes are always the same.
//
// It does not name the JSON Schema, which the drafts before 12 had a place
// for: they hold it against the whole payload, ours is for the claims.
func (t Type) Metadata() ([]byte, error) {
	texts, err := readTexts()
	if err != nil {
		return nil, err
	}
	claims, err := t.claims()
	if err != nil {
		return nil, err
	}
	about := texts.types[t.Slug()]
	document := typeMetadata{VCT: t.VCT, Name: t.Name, Description: about.Description.EN, Display: about.display()}
	for _, c := range claims {
		document.Claims = append(document.Claims, texts.claim(t, c))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("write metadata of %s: %w", t.Name, err)
	}
	return out.Bytes(), nil
}

// Integrity is the value of vct#integrity: the hash of Metadata as integrity
// metadata (W3C Subresource Integrity, section 3).
func (t Type) Integrity() (string, error) {
	document, err := t.Metadata()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(document)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:]), nil
}

// The members of the document, under the names of the draft.
type (
	typeMetadata struct {
		VCT         string          `json:"vct"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Display     []typeDisplay   `json:"display"`
		Claims      []claimMetadata `json:"claims"`
	}
	typeDisplay struct {
		Locale      string    `json:"locale"`
		Name        string    `json:"name"`
		Description string    `json:"description"`
		Rendering   rendering `json:"rendering"`
	}
	rendering struct {
		Simple struct {
			BackgroundColor string `json:"background_color"`
			TextColor       string `json:"text_color"`
		} `json:"simple"`
	}
	claimMetadata struct {
		Path      []any          `json:"path"`
		Display   []claimDisplay `json:"display,omitempty"`
		Mandatory bool           `json:"mandatory"`
		SD        string         `json:"sd"`
	}
	claimDisplay struct {
		Locale      string `json:"locale"`
		Label       string `json:"label"`
		Description string `json:"description,omitempty"`
	}
)

// text is one text in the languages that a service of the state must have
// (språklova, § 14), and English for the worker.
type text struct {
	NB string `json:"nb"`
	NN string `json:"nn"`
	EN string `json:"en"`
}

// locales are the language tags (RFC 5646) of a text, in the order in which
// they stand in the documents.
var locales = []struct {
	tag string
	of  func(text) string
}{
	{"nb-NO", func(t text) string { return t.NB }},
	{"nn-NO", func(t text) string { return t.NN }},
	{"en", func(t text) string { return t.EN }},
}

// typeText is what people read of a type.
type typeText struct {
	Name            text   `json:"name"`
	Description     text   `json:"description"`
	BackgroundColor string `json:"background_color"`
}

// textColor is that of all cards: their backgrounds are dark.
const textColor = "#FFFFFF"

func (about typeText) display() (all []typeDisplay) {
	for _, l := range locales {
		d := typeDisplay{Locale: l.tag, Name: l.of(about.Name), Description: l.of(about.Description)}
		d.Rendering.Simple.BackgroundColor, d.Rendering.Simple.TextColor = about.BackgroundColor, textColor
		all = append(all, d)
	}
	return all
}

// allTexts are the files of texts/: of types by slug, of claims by dotted path.
// A claim has the same label in all types that have it.
type allTexts struct {
	types  map[string]typeText
	claims struct {
		Labels       map[string]text `json:"labels"`
		Descriptions map[string]text `json:"descriptions"`
	}
}

// claim is what the document says of a claim. An element of an array shows
// under the array's label.
func (texts *allTexts) claim(t Type, c claim) claimMetadata {
	m := claimMetadata{Path: t.inSDJWT(c.path), Mandatory: c.mandatory, SD: "never"}
	if c.disclosable {
		m.SD = "always"
	}
	if _, named := c.path[len(c.path)-1].(string); !named {
		return m
	}
	label, description := texts.claims.Labels[dotted(c.path)], texts.claims.Descriptions[dotted(c.path)]
	for _, l := range locales {
		m.Display = append(m.Display, claimDisplay{Locale: l.tag, Label: l.of(label), Description: l.of(description)})
	}
	return m
}

//go:embed texts/*.json
var textFiles embed.FS

var readTexts = sync.OnceValues(func() (*allTexts, error) {
	texts := new(allTexts)
	for name, into := range map[string]any{"types": &texts.types, "claims": &texts.claims} {
		raw, err := textFiles.ReadFile("texts/" + name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", name, err)
		}
		if err := strictjson.Unmarshal(raw, into, strictjson.Limits{}); err != nil {
			return nil, fmt.Errorf("read texts of %s: %w", name, err)
		}
	}
	return texts, nil
})

// Label is what people read for a claim, by its dotted path and a language (nb, nn,
// en); empty for a claim that no type has.
func Label(language, path string) string {
	texts, err := readTexts()
	if err != nil {
		return ""
	}
	return texts.claims.Labels[path].in(language)
}

// In is what people read for the type, in a language (nb, nn, en).
func (t Type) In(language string) string {
	texts, err := readTexts()
	if err != nil {
		return t.Name
	}
	return texts.types[t.Slug()].Name.in(language)
}

func (t text) in(language string) string {
	switch language {
	case "nb":
		return t.NB
	case "nn":
		return t.NN
	}
	return t.EN
}
