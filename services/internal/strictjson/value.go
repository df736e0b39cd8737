package strictjson

import (
	"encoding/json"
	"iter"
	"math/bits"
	"slices"
	"sync"
)

// Kind is what kind of JSON value one is.
type Kind uint8

// The kinds. Absent is that of the zero Value, which stands for no value at all.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// Value is a JSON value, or a part of one: a view of a text that was read once, from
// which readers take what they ask for. It does not change and may be used from many
// goroutines.
type Value struct {
	tree *tree
	at   int32
	// hidden are members that are passed over, a bit for each by its place.
	hidden uint64
}

// Read reads a text as Decode does. Errors are fault.Invalid.
func Read(data []byte, limits Limits) (Value, error) {
	t, err := parse(data, limits)
	if err != nil {
		return Value{}, err
	}
	return t.root(), nil
}

// ReadObject is Read for a text that must be an object.
func ReadObject(data []byte, limits Limits) (Value, error) {
	v, err := Read(data, limits)
	if err == nil && v.Kind() != Object {
		return Value{}, notAnObject()
	}
	return v, err
}

// ReadEach reads texts that stand one after the other in data, each up to one of the
// ends, under limits that hold for each.
func ReadEach(data []byte, ends []int, limits Limits) ([]Value, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	roots := make([]int32, len(ends))
	from := 0
	for i, end := range ends {
		roots[i] = int32(len(p.nodes))
		if err := p.read(data[:end], from, limits); err != nil {
			return nil, err
		}
		from = end
	}
	read := p.tree(data)
	values := make([]Value, len(ends))
	for i := range values {
		values[i] = Value{tree: read, at: roots[i]}
	}
	return values, nil
}

// Of gives what Go values stand for: what Read makes of their JSON, whatever types
// they are of. It refuses what Read refuses, with fault.Invalid, but for the length,
// which only a text has, and a float64 of -0, which stands for 0.
func Of(v any) (Value, error) {
	buffer := texts.Get().(*[]byte)
	defer texts.Put(buffer)
	text, err := appendCanonical((*buffer)[:0], v)
	if err != nil {
		return Value{}, err
	}
	*buffer = text
	t, err := parse(text, Limits{Bytes: max(len(text), 1)})
	if err != nil {
		return Value{}, err
	}
	return t.root(), nil
}

// texts keeps the buffers of texts that were read.
var texts = sync.Pool{New: func() any { return new([]byte) }}

// Kind is the value's kind.
func (v Value) Kind() Kind {
	if v.tree == nil {
		return Absent
	}
	return v.tree.nodes[v.at].kind
}

// Exists reports whether there is a value.
func (v Value) Exists() bool { return v.tree != nil }

// Text is what a string means; ok is false for any other value.
func (v Value) Text() (text string, ok bool) {
	if v.Kind() != String {
		return "", false
	}
	n := &v.tree.nodes[v.at]
	if n.size > 0 {
		return v.tree.unescaped[n.size-1], true
	}
	return v.tree.text[n.from+1 : n.to-1], true
}

// Is reports whether the value is a string that means the text.
func (v Value) Is(text string) bool {
	own, ok := v.Text()
	return ok && own == text
}

// Number is a number as it is written; ok is false for any other value.
func (v Value) Number() (number json.Number, ok bool) {
	if v.Kind() != Number {
		return "", false
	}
	return json.Number(v.written()), true
}

// Truth is what a boolean says; ok is false for any other value.
func (v Value) Truth() (truth, ok bool) {
	if v.Kind() != Bool {
		return false, false
	}
	return v.written() == "true", true
}

// written is the value's text as it was read, hidden members and all.
func (v Value) written() string {
	n := &v.tree.nodes[v.at]
	return v.tree.text[n.from:n.to]
}

// Canonical is the value's text in canonical form (RFC 8785), null where there is none.
// It is at hand when the value was read in that form.
func (v Value) Canonical() string {
	if v.Exists() && v.tree.canonical && v.hidden == 0 {
		return v.written()
	}
	return string(v.AppendCanonical(nil))
}

// MarshalJSON implements json.Marshaler: with the canonical form.
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendCanonical(nil), nil }

// AppendCanonical appends the value's text in canonical form, null where there is none.
func (v Value) AppendCanonical(out []byte) []byte {
	switch {
	case !v.Exists():
		return append(out, "null"...)
	case !v.tree.canonical:
		out, err := appendCanonical(out, v.Any())
		if err != nil {
			panic("strictjson: what was read cannot be written: " + err.Error())
		}
		return out
	case v.hidden == 0:
		return append(out, v.written()...)
	}
	out = append(out, '{')
	first := true
	for _, member := range v.Members() {
		out = append(member.appendName(separated(out, &first)), member.written()...)
	}
	return append(out, '}')
}

// AppendWith appends the canonical text of an object that has one more member; its
// value is given in canonical form, and it must not have the name yet.
func (v Value) AppendWith(out []byte, name, value string) ([]byte, error) {
	var err error
	if !v.tree.canonical {
		if v, err = Of(v); err != nil {
			return nil, err
		}
	}
	out = append(slices.Grow(out, len(v.written())+len(name)+len(value)+len(`"":,`)), '{')
	first, written := true, false
	write := func() error {
		if out, err = appendString(separated(out, &first), name); err != nil {
			return err
		}
		out = append(append(out, ':'), value...)
		written = true
		return nil
	}
	for other, member := range v.Members() {
		if !written && compareUTF16(other, name) > 0 {
			if err := write(); err != nil {
				return nil, err
			}
		}
		out = append(member.appendName(separated(out, &first)), member.written()...)
	}
	if !written {
		if err := write(); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

func separated(out []byte, first *bool) []byte {
	if *first {
		*first = false
		return out
	}
	return append(out, ',')
}

// appendName appends the name of a member, as it is written, and a colon.
func (v Value) appendName(out []byte) []byte {
	n := &v.tree.nodes[v.at]
	if n.nameFrom < 0 {
		out, _ = appendString(out, v.tree.unescaped[^n.nameFrom]) // which was read
		return append(out, ':')
	}
	return append(out, v.tree.text[n.nameFrom-1:n.from]...)
}

// name is that of a member of an object.
func (v Value) name() string {
	n := &v.tree.nodes[v.at]
	if n.nameFrom < 0 {
		return v.tree.unescaped[^n.nameFrom]
	}
	return v.tree.text[n.nameFrom:n.nameTo]
}

// Len is how many members an object has, or items an array.
func (v Value) Len() int {
	switch v.Kind() {
	case Array:
		return int(v.tree.nodes[v.at].size)
	case Object:
		return int(v.tree.nodes[v.at].size) - bits.OnesCount64(v.hidden)
	}
	return 0
}

// Get gives the member of a name; it is absent when there is none, or the value is no
// object.
func (v Value) Get(name string) Value {
	if v.Kind() != Object {
		return Value{}
	}
	nodes, text := v.tree.nodes, v.tree.text
	end := nodes[v.at].after
	for at, bit := v.at+1, uint64(1); at < end; at, bit = nodes[at].after, bit<<1 {
		n := &nodes[at]
		if int(n.nameTo-n.nameFrom) != len(name) && n.nameFrom >= 0 || v.hidden&bit != 0 {
			continue
		}
		if n.nameFrom >= 0 && text[n.nameFrom:n.nameTo] == name || n.nameFrom < 0 && v.tree.unescaped[^n.nameFrom] == name {
			return Value{tree: v.tree, at: at}
		}
	}
	return Value{}
}

// Has reports whether an object has a member.
func (v Value) Has(name string) bool { return v.Get(name).Exists() }

// Members are those of an object, with their names, in the order in which they are
// written; none of any other value.
func (v Value) Members() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Object {
			return
		}
		end := v.tree.nodes[v.at].after
		for at, bit := v.at+1, uint64(1); at < end; at, bit = v.tree.nodes[at].after, bit<<1 {
			if v.hidden&bit != 0 {
				continue
			}
			member := Value{tree: v.tree, at: at}
			if !yield(member.name(), member) {
				return
			}
		}
	}
}

// Items are those of an array, or the value itself when it is none; none when there is
// no value. Much of JSON-LD may stand alone or in a list.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		switch v.Kind() {
		case Absent:
		case Array:
			end := v.tree.nodes[v.at].after
			for at := v.at + 1; at < end; at = v.tree.nodes[at].after {
				if !yield(Value{tree: v.tree, at: at}) {
					return
				}
			}
		default:
			yield(v)
		}
	}
}

// Index gives the item of an array at a place from 0; it is absent when there is none,
// or the value is no array.
func (v Value) Index(place int) Value {
	if v.Kind() != Array {
		return Value{}
	}
	for item := range v.Items() {
		if place == 0 {
			return item
		}
		place--
	}
	return Value{}
}

// widest is how many members an object may have for some of them to be hidden by
// their bits.
const widest = 64

// Without is the object without some of its members.
func (v Value) Without(names ...string) Value {
	if v.Kind() != Object {
		return v
	}
	if v.tree.nodes[v.at].size > widest {
		return v.copyWithout(names)
	}
	bit := uint64(1)
	end := v.tree.nodes[v.at].after
	for at := v.at + 1; at < end; at, bit = v.tree.nodes[at].after, bit<<1 {
		if slices.Contains(names, (Value{tree: v.tree, at: at}).name()) {
			v.hidden |= bit
		}
	}
	return v
}

// copyWithout reads the text of what is left.
func (v Value) copyWithout(names []string) Value {
	out, first := []byte{'{'}, true
	for name, member := range v.Members() {
		if !slices.Contains(names, name) {
			out = append(member.appendName(separated(out, &first)), member.written()...)
		}
	}
	t, err := parse(append(out, '}'), Limits{Bytes: len(v.tree.text), Depth: len(v.tree.text)})
	if err != nil {
		panic("strictjson: a part of what was read cannot be read: " + err.Error())
	}
	return t.root()
}

// Any gives the value as Decode does, made anew.
func (v Value) Any() any {
	switch v.Kind() {
	case Bool:
		truth, _ := v.Truth()
		return truth
	case Number:
		return json.Number(v.written())
	case String:
		text, _ := v.Text()
		return text
	case Array:
		items := make([]any, 0, v.Len())
		for item := range v.Items() {
			items = append(items, item.Any())
		}
		return items
	case Object:
		return v.object()
	}
	return nil
}

// Map is an object as Decode gives it, made anew; nil for any other value.
func (v Value) Map() map[string]any {
	if v.Kind() != Object {
		return nil
	}
	return v.object()
}

func (v Value) object() map[string]any {
	members := make(map[string]any, v.Len())
	for name, member := range v.Members() {
		members[name] = member.Any()
	}
	return members
}
