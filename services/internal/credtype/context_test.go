package credtype_test

import (
	"encoding/json"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

// A claim that a schema allows and no context defines could be recorded and
// never signed.
func TestEveryClaimOfEverySchemaIsATermOfAContext(t *testing.T) {
	terms := map[string]bool{}
	for _, c := range jsonld.Contexts() {
		var document any
		if err := json.Unmarshal(c.Bytes, &document); err != nil {
			t.Fatal(err)
		}
		collect(document, terms)
	}
	for _, kind := range credtype.All() {
		raw, err := kind.Schema()
		if err != nil {
			t.Fatal(err)
		}
		var schema any
		if err := json.Unmarshal(raw, &schema); err != nil {
			t.Fatal(err)
		}
		for _, claim := range properties(schema) {
			if !terms[claim] {
				t.Errorf("%s: %s is in the schema and in no context", kind.Name, claim)
			}
		}
	}
}

// collect finds every member name, at any depth.
func collect(v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			into[name] = true
			collect(value, into)
		}
	case []any:
		for _, value := range v {
			collect(value, into)
		}
	}
}

// properties finds the names of a schema's properties, at any depth.
func properties(v any) (names []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if declared, ok := value.(map[string]any); ok && name == "properties" {
				for property := range declared {
					names = append(names, property)
				}
			}
			names = append(names, properties(value)...)
		}
	case []any:
		for _, value := range v {
			names = append(names, properties(value)...)
		}
	}
	return names
}
