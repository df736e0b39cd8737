package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Unmarshal reads a JSON text into v as encoding/json would, after Decode has
// accepted it. A member that v has no field for is refused, and so is a
// member whose name differs from a field's in letter case only, which
// encoding/json would take for the field.
func Unmarshal(data []byte, v any, limits Limits) error {
	return unmarshal(data, v, limits, false)
}

// UnmarshalOpen is Unmarshal for formats that others may extend: members that
// v has no field for are skipped. Names in another letter case are refused
// all the same.
func UnmarshalOpen(data []byte, v any, limits Limits) error {
	return unmarshal(data, v, limits, true)
}

func unmarshal(data []byte, v any, limits Limits, open bool) error {
	read, err := parse(data, limits)
	if err != nil {
		return err
	}
	into := reflect.ValueOf(v)
	if into.Kind() != reflect.Pointer || into.IsNil() {
		return fmt.Errorf("read JSON into %T, which is no pointer", v)
	}
	if err := checkNames(read.root(), into.Type(), open); err != nil {
		return err
	}
	if err := assign(read.root(), into.Elem()); err != nil {
		return fault.Wrap(err, fault.Invalid, "json.type", "a member has the wrong type")
	}
	return nil
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// checkNames walks a value beside the Go type it will be stored in. Types
// that read themselves (json.Unmarshaler) check their own names.
func checkNames(v Value, t reflect.Type, open bool) error {
	for t.Kind() == reflect.Pointer {
		if t.Implements(unmarshaler) {
			return nil
		}
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(unmarshaler) {
		return nil
	}
	switch {
	case v.Kind() == Array && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array):
		for item := range v.Items() {
			if err := checkNames(item, t.Elem(), open); err != nil {
				return err
			}
		}
	case v.Kind() == Object && t.Kind() == reflect.Map:
		for _, member := range v.Members() {
			if err := checkNames(member, t.Elem(), open); err != nil {
				return err
			}
		}
	case v.Kind() == Object && t.Kind() == reflect.Struct:
		return checkMembers(v, t, open)
	}
	return nil
}

func checkMembers(object Value, t reflect.Type, open bool) error {
	fields := fieldsOf(t)
	for name, member := range object.Members() {
		field, known := fields.byName[name]
		if !known {
			for other := range fields.byName {
				if strings.EqualFold(name, other) {
					return fault.New(fault.Invalid, "json.member-case", "the member %q is written in another letter case", other)
				}
			}
			if open {
				continue
			}
			return fault.New(fault.Invalid, "json.unknown-member", "a member is not known here")
		}
		if err := checkNames(member, field.of, open); err != nil {
			return err
		}
	}
	return nil
}

// fields are the members of a struct.
type fields struct {
	byName map[string]field
	// plain: each is a field of the struct itself, written as it is.
	plain bool
}

type field struct {
	of    reflect.Type
	index int
}

// known are the members of each struct that was asked for, which do not change.
var known sync.Map // from reflect.Type to *fields

func fieldsOf(t reflect.Type) *fields {
	if have, ok := known.Load(t); ok {
		return have.(*fields)
	}
	all := &fields{byName: map[string]field{}, plain: true}
	all.collect(t)
	known.Store(t, all)
	return all
}

// collect lists the members of a struct as encoding/json names them, those of
// embedded structs included.
func (all *fields) collect(t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		all.plain = all.plain && !f.Anonymous && !strings.Contains(options, "string")
		if f.Anonymous && name == "" {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				all.collect(embedded)
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		all.byName[name] = field{f.Type, i}
	}
}
