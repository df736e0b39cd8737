package credtype

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// subjectID is the subject's identifier in credentialSubject. It stands
// outside the claims.
const subjectID = "id"

// Disclosable are the dotted paths of the claims that a holder may keep back,
// each on its own, in the order of the schema: SelectivelyDisclosable with
// "passport.*" spelled out, under the names of SD-JWT VC. What lies below such
// a path is disclosed with it.
func (t Type) Disclosable() ([]string, error) {
	claims, err := t.claims()
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, c := range claims {
		if c.disclosable {
			paths = append(paths, dotted(t.inSDJWT(c.path)))
		}
	}
	return paths, nil
}

// A claim is one that a type's schema knows, at any depth.
type claim struct {
	// path leads to it from the root: names, and nil for every element of an
	// array (the form of SD-JWT VC, section "Claim Path").
	path []any
	// mandatory says that every credential of the type has it.
	mandatory bool
	// disclosable says that a holder may keep it back on its own.
	disclosable bool
}

// dotted writes a path as the tables do: "passport.document_number",
// "results[].cefr".
func dotted(path []any) string {
	var b strings.Builder
	for i, step := range path {
		name, named := step.(string)
		switch {
		case !named:
			b.WriteString("[]")
			continue
		case i > 0:
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
	return b.String()
}

// claims are all that the type's schema knows, in its order, each before what
// lies below it.
func (t Type) claims() ([]claim, error) {
	raw, err := t.Schema()
	if err != nil {
		return nil, fmt.Errorf("read claims of %s: %w", t.Name, err)
	}
	var root schemaNode
	if err := json.Unmarshal(raw, &root); err != nil {
		return nil, fmt.Errorf("read claims of %s: %w", t.Name, err)
	}
	root.Properties = slices.DeleteFunc(root.Properties, func(p property) bool { return p.name == subjectID })
	return t.walk(root, nil, true), nil
}

func (t Type) walk(node schemaNode, path []any, mandatory bool) []claim {
	var found []claim
	if len(path) > 0 {
		found = append(found, claim{path, mandatory, t.MayWithhold(dotted(path))})
	}
	for _, p := range node.Properties {
		required := mandatory && slices.Contains(node.Required, p.name)
		found = append(found, t.walk(p.schema, append(slices.Clip(path), p.name), required)...)
	}
	if node.Items != nil {
		found = append(found, t.walk(*node.Items, append(slices.Clip(path), nil), mandatory && node.MinItems > 0)...)
	}
	return found
}

// MayWithhold reports whether a holder may keep the claim at a dotted path back,
// by itself or as one of "passport.*".
func (t Type) MayWithhold(path string) bool {
	parent := path[:max(strings.LastIndexByte(path, '.'), 0)]
	return slices.Contains(t.SelectivelyDisclosable, path) || slices.Contains(t.SelectivelyDisclosable, parent+".*")
}

// schemaNode is what says of a JSON Schema which claims there are. Our schemas
// use no other keyword that could bring a claim, such as $ref or allOf.
type schemaNode struct {
	Properties properties  `json:"properties"`
	Required   []string    `json:"required"`
	Items      *schemaNode `json:"items"`
	MinItems   int         `json:"minItems"`
}

type property struct {
	name   string
	schema schemaNode
}

// properties keeps the order in which a schema writes them: it is the order in
// which people read the claims.
type properties []property

// UnmarshalJSON implements json.Unmarshaler.
func (p *properties) UnmarshalJSON(raw []byte) error {
	in := json.NewDecoder(bytes.NewReader(raw))
	if _, err := in.Token(); err != nil { // {
		return err
	}
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return err
		}
		next := property{name: fmt.Sprint(name)}
		if err := in.Decode(&next.schema); err != nil {
			return err
		}
		*p = append(*p, next)
	}
	return nil
}
