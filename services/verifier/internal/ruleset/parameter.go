package ruleset

import (
	"fmt"
	"time"

	"cel.dev/cel-go/cel"
	"go.yaml.in/yaml/v3"
)

// dated is one value of a parameter, from a date on. Without a value there is
// none from then on: an expression that needs it goes to an officer.
type dated struct {
	From  time.Time
	Value any // int64, string, []string, map[string]int64, map[string][]string or nil
}

type datedYAML struct {
	From   time.Time `yaml:"from"`
	Value  yaml.Node `yaml:"value"`
	Source string    `yaml:"source"`
}

// parameter is a figure of a rule over time.
type parameter struct {
	typ    *cel.Type
	values []dated
}

// on is the value in force, nil for none.
func (p parameter) on(date time.Time) any {
	var found dated
	for _, v := range p.values {
		if !v.From.After(date) && !v.From.Before(found.From) {
			found = v
		}
	}
	return found.Value
}

// parameterOf reads a parameter. Every value has a source, all have one type. The
// first may leave out its date, and then counts from the rule's own first day.
func parameterOf(entries []datedYAML, first time.Time) (parameter, error) {
	var p parameter
	for i, entry := range entries {
		if i == 0 && entry.From.IsZero() {
			entry.From = first
		}
		if entry.From.IsZero() || entry.Source == "" {
			return parameter{}, fmt.Errorf("a value needs the date that it counts from, and its source")
		}
		one := dated{From: entry.From}
		if !entry.Value.IsZero() {
			value, typ, err := valueOf(&entry.Value)
			if err != nil {
				return parameter{}, err
			}
			if p.typ != nil && p.typ.String() != typ.String() {
				return parameter{}, fmt.Errorf("its values are %s and %s", p.typ, typ)
			}
			one.Value, p.typ = value, typ
		}
		p.values = append(p.values, one)
	}
	if p.typ == nil {
		return parameter{}, fmt.Errorf("it has no value at any time")
	}
	return p, nil
}

func valueOf(node *yaml.Node) (any, *cel.Type, error) {
	texts := cel.ListType(cel.StringType)
	var (
		number  int64
		list    []string
		numbers map[string]int64
		lists   map[string][]string
	)
	switch {
	case node.Kind == yaml.ScalarNode && node.Tag == "!!int":
		return typed(node.Decode(&number), number, cel.IntType)
	case node.Kind == yaml.ScalarNode && node.Tag == "!!str":
		return node.Value, cel.StringType, nil
	case node.Kind == yaml.SequenceNode:
		return typed(node.Decode(&list), list, texts)
	case node.Kind == yaml.MappingNode && node.Decode(&numbers) == nil:
		return numbers, cel.MapType(cel.StringType, cel.IntType), nil
	case node.Kind == yaml.MappingNode:
		return typed(node.Decode(&lists), lists, cel.MapType(cel.StringType, texts))
	}
	return nil, nil, fmt.Errorf("%q is no whole number, text, list or map", node.Value)
}

func typed[T any](err error, value T, typ *cel.Type) (any, *cel.Type, error) {
	return value, typ, err
}
