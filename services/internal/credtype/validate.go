package credtype

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Validate checks claims (credentialSubject, with or without its id) against
// the JSON Schema of the named type. All violations come at once; each names the
// claim and the schema keyword ("schema.required"), never the value.
//
// Rules: schema.unknown-type, schema.claims.
func Validate(typeName string, claims map[string]any) error {
	compiled, err := compiledSchemas()
	if err != nil {
		return err
	}
	schema, ok := compiled[typeName]
	if !ok {
		return fault.New(fault.Invalid, "schema.unknown-type", "this credential type is not known here")
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		return fault.New(fault.Invalid, "schema.claims", "the claims are no JSON")
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return fault.New(fault.Invalid, "schema.claims", "the claims are no JSON")
	}
	err = schema.Validate(document)
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return fmt.Errorf("validate claims of %s: %w", typeName, err)
	}
	violations := violationsOf(invalid)
	sort.Slice(violations, func(i, j int) bool {
		a, b := violations[i], violations[j]
		return a.Field+a.Rule < b.Field+b.Rule
	})
	return fault.Violated("schema.claims", "the claims do not fit the schema of "+typeName, violations)
}

func violationsOf(e *jsonschema.ValidationError) []fault.Violation {
	if len(e.Causes) > 0 {
		var all []fault.Violation
		for _, cause := range e.Causes {
			all = append(all, violationsOf(cause)...)
		}
		return all
	}
	field := strings.Join(e.InstanceLocation, ".")
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		var all []fault.Violation
		for _, missing := range k.Missing {
			all = append(all, fault.Violation{Field: below(field, missing), Rule: "schema.required", Message: "the claim is missing"})
		}
		return all
	case *kind.AdditionalProperties:
		// The names came from outside and may be anything: only where is told.
		return []fault.Violation{{Field: field, Rule: "schema.additional-properties", Message: "there is a claim that the type does not have"}}
	}
	keyword := "value"
	if path := e.ErrorKind.KeywordPath(); len(path) > 0 {
		keyword = strings.ToLower(path[len(path)-1])
	}
	return []fault.Violation{{Field: field, Rule: "schema." + keyword, Message: "the claim breaks the schema's " + keyword}}
}

func below(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// compiledSchemas compiles the embedded schemas once. Nothing is ever loaded
// from elsewhere: a $ref that leaves them is an error.
var compiledSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	compiler.AssertFormat()
	for _, t := range table {
		raw, err := t.Schema()
		if err != nil {
			return nil, fmt.Errorf("read schema of %s: %w", t.Name, err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, fmt.Errorf("parse schema of %s: %w", t.Name, err)
		}
		if err := compiler.AddResource(t.SchemaID(), document); err != nil {
			return nil, fmt.Errorf("add schema of %s: %w", t.Name, err)
		}
	}
	compiled := make(map[string]*jsonschema.Schema, len(table))
	for _, t := range table {
		schema, err := compiler.Compile(t.SchemaID())
		if err != nil {
			return nil, fmt.Errorf("compile schema of %s: %w", t.Name, err)
		}
		compiled[t.Name] = schema
	}
	return compiled, nil
})
