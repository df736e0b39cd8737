package strictjson

import (
	"bytes"
	"encoding/json"
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
	if t := reflect.TypeOf(v); t != nil {
		if err := checkNames(read.root(), t, open); err != nil {
			return err
		}
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(v); err != nil {
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
		field, known := fields[name]
		if !known {
			for other := range fields {
				if strings.EqualFold(name, other) {
					return fault.New(fault.Invalid, "json.member-case", "the member %q is written in another letter case", other)
				}
			}
			if open {
				continue
			}
			return fault.New(fault.Invalid, "json.unknown-member", "a member is not known here")
		}
		if err := checkNames(member, field, open); err != nil {
			return err
		}
	}
	return nil
}

// known are the members of each struct that was asked for, which do not change.
var known sync.Map // from reflect.Type to map[string]reflect.Type

func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if have, ok := known.Load(t); ok {
		return have.(map[string]reflect.Type)
	}
	fields := map[string]reflect.Type{}
	collectFields(t, fields)
	known.Store(t, fields)
	return fields
}

// collectFields lists the members of a struct as encoding/json names them,
// those of embedded structs included.
func collectFields(t reflect.Type, into map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if f.Anonymous && name == "" {
			embedded := f.Type
			if embedded.Kind() == reflect.Pointer {
				embedded = embedded.Elem()
			}
			if embedded.Kind() == reflect.Struct {
				collectFields(embedded, into)
				continue
			}
		}
		if !f.IsExported() {
			continue
		}
		if name == "" {
			name = f.Name
		}
		into[name] = f.Type
	}
}
