package strictjson

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
)

// errType says that a value does not go into a Go type.
var errType = errors.New("a value of another type")

var (
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
	numberType      = reflect.TypeFor[json.Number]()
)

// assign stores a value as encoding/json would, from what was read already. What it has
// no way for goes to encoding/json, part by part.
func assign(v Value, into reflect.Value) error {
	t := into.Type()
	if pointer := reflect.PointerTo(t); pointer.Implements(unmarshaler) || pointer.Implements(textUnmarshaler) || t.Implements(unmarshaler) {
		return decodeInto(v, into)
	}
	switch t.Kind() {
	case reflect.Pointer:
		return assignPointer(v, into)
	case reflect.Struct:
		return assignStruct(v, into)
	case reflect.Slice:
		return assignSlice(v, into)
	case reflect.Map:
		return assignMap(v, into)
	case reflect.Interface:
		if t.NumMethod() == 0 && into.IsNil() {
			if read := v.Any(); read != nil {
				into.Set(reflect.ValueOf(read))
			}
			return nil
		}
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if t != numberType {
			return assignScalar(v, into)
		}
	}
	return decodeInto(v, into)
}

// decodeInto has encoding/json store a value.
func decodeInto(v Value, into reflect.Value) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(v.written())))
	decoder.UseNumber()
	return decoder.Decode(into.Addr().Interface())
}

func assignPointer(v Value, into reflect.Value) error {
	if v.Kind() == Null {
		into.SetZero()
		return nil
	}
	if into.IsNil() {
		into.Set(reflect.New(into.Type().Elem()))
	}
	return assign(v, into.Elem())
}

func assignStruct(v Value, into reflect.Value) error {
	fields := fieldsOf(into.Type())
	switch {
	case v.Kind() == Null:
		return nil
	case v.Kind() != Object:
		return errType
	case !fields.plain:
		return decodeInto(v, into)
	}
	for name, member := range v.Members() {
		if f, known := fields.byName[name]; known {
			if err := assign(member, into.Field(f.index)); err != nil {
				return err
			}
		}
	}
	return nil
}

func assignSlice(v Value, into reflect.Value) error {
	switch {
	case v.Kind() == Null:
		into.SetZero()
		return nil
	case !into.IsNil() || into.Type().Elem().Kind() == reflect.Uint8: // what is there, or base64
		return decodeInto(v, into)
	case v.Kind() != Array:
		return errType
	}
	into.Set(reflect.MakeSlice(into.Type(), v.Len(), v.Len()))
	place := 0
	for item := range v.Items() {
		if err := assign(item, into.Index(place)); err != nil {
			return err
		}
		place++
	}
	return nil
}

func assignMap(v Value, into reflect.Value) error {
	switch t := into.Type(); {
	case v.Kind() == Null:
		into.SetZero()
		return nil
	case !into.IsNil() || t.Key() != reflect.TypeFor[string]():
		return decodeInto(v, into)
	case v.Kind() != Object:
		return errType
	}
	into.Set(reflect.MakeMapWithSize(into.Type(), v.Len()))
	for name, member := range v.Members() {
		one := reflect.New(into.Type().Elem()).Elem()
		if err := assign(member, one); err != nil {
			return err
		}
		into.SetMapIndex(reflect.ValueOf(name), one)
	}
	return nil
}

func assignScalar(v Value, into reflect.Value) error {
	if v.Kind() == Null {
		return nil
	}
	switch into.Kind() {
	case reflect.String:
		text, ok := v.Text()
		if !ok {
			return errType
		}
		into.SetString(text)
	case reflect.Bool:
		truth, ok := v.Truth()
		if !ok {
			return errType
		}
		into.SetBool(truth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		number, _ := v.Number()
		n, err := strconv.ParseInt(string(number), 10, into.Type().Bits())
		if err != nil {
			return errType
		}
		into.SetInt(n)
	default:
		number, _ := v.Number()
		n, err := strconv.ParseUint(string(number), 10, into.Type().Bits())
		if err != nil {
			return errType
		}
		into.SetUint(n)
	}
	return nil
}
