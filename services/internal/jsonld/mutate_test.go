package jsonld

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

// mutator makes documents by changing a few places of others.
type mutator struct {
	r     *rand.Rand
	bases []example
}

func newMutator(r *rand.Rand, bases []example) *mutator { return &mutator{r, bases} }

// place is where a value stands: a member of an object or an item of an array.
type place struct {
	object map[string]any
	name   string
	array  []any
	index  int
}

func (p place) get() any {
	if p.object != nil {
		return p.object[p.name]
	}
	return p.array[p.index]
}

func (p place) set(v any) {
	if p.object != nil {
		p.object[p.name] = v
		return
	}
	p.array[p.index] = v
}

// places lists every place below a value, in an order that is always the same.
func places(v any) []place {
	var all []place
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, place{object: v, name: name})
			all = append(all, places(v[name])...)
		}
	case []any:
		for i := range v {
			all = append(all, place{array: v, index: i})
			all = append(all, places(v[i])...)
		}
	}
	return all
}

func pick[T any](m *mutator, from []T) T { return from[m.r.IntN(len(from))] }

// context is one of the document's own: a later mutation may change it.
func (m *mutator) context() any { return copyOf(pick(m, contextURLs)) }

func (m *mutator) document(t testing.TB) map[string]any {
	doc := decode(t, string(pick(m, m.bases).Document)).Map()
	for range 1 + m.r.IntN(3) {
		all := places(doc)
		if len(all) > 0 {
			pick(m, mutations)(m, doc, pick(m, all))
		}
	}
	return doc
}

// copyOf copies a tree, so that a later mutation changes one place alone.
func copyOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = copyOf(member)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = copyOf(item)
		}
		return out
	}
	return v
}

var mutations = []func(m *mutator, doc map[string]any, at place){
	// structure
	func(m *mutator, doc map[string]any, at place) {
		if at.object != nil {
			delete(at.object, at.name)
		}
	},
	func(m *mutator, doc map[string]any, at place) { at.set([]any{at.get()}) },
	func(m *mutator, doc map[string]any, at place) { at.set([]any{at.get(), m.value()}) },
	func(m *mutator, doc map[string]any, at place) { at.set([]any{m.value(), copyOf(at.get())}) },
	func(m *mutator, doc map[string]any, at place) {
		if array, ok := at.get().([]any); ok {
			m.r.Shuffle(len(array), func(i, j int) { array[i], array[j] = array[j], array[i] })
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		if array, ok := at.get().([]any); ok && len(array) == 1 {
			at.set(array[0])
		}
	},
	func(m *mutator, doc map[string]any, at place) { at.set(m.value()) },
	// nesting: a copy of one place at another, so that ids repeat
	func(m *mutator, doc map[string]any, at place) {
		from := pick(m, places(doc))
		at.set(copyOf(from.get()))
	},
	func(m *mutator, doc map[string]any, at place) {
		if object, ok := at.get().(map[string]any); ok {
			from := pick(m, places(doc))
			if from.object != nil {
				object[from.name] = copyOf(from.get())
			}
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		object := map[string]any{"type": pick(m, types)}
		object[pick(m, members)] = copyOf(at.get())
		at.set(object)
	},
	// members
	func(m *mutator, doc map[string]any, at place) {
		if object, ok := at.get().(map[string]any); ok {
			object[pick(m, members)] = m.value()
		}
	},
	func(m *mutator, doc map[string]any, at place) { doc[pick(m, members)] = m.value() },
	func(m *mutator, doc map[string]any, at place) {
		if at.object != nil && at.name != "@context" {
			value := at.get()
			delete(at.object, at.name)
			at.object[pick(m, members)] = value
		}
	},
	// contexts
	func(m *mutator, doc map[string]any, at place) {
		if object, ok := at.get().(map[string]any); ok {
			object["@context"] = []any{m.context()}
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		list, _ := doc["@context"].([]any)
		doc["@context"] = append(slices.Clone(list), m.context())
	},
	func(m *mutator, doc map[string]any, at place) {
		list, _ := doc["@context"].([]any)
		doc["@context"] = append([]any{m.context()}, list...)
	},
	// types
	func(m *mutator, doc map[string]any, at place) {
		if object, ok := at.get().(map[string]any); ok {
			object["type"] = []any{pick(m, types), pick(m, types)}
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		if at.object != nil && (at.name == "type" || at.name == "@type") {
			list, isList := at.get().([]any)
			if !isList {
				list = []any{at.get()}
			}
			at.set(append(slices.Clone(list), pick(m, types)))
		}
	},
	// ids
	func(m *mutator, doc map[string]any, at place) {
		if object, ok := at.get().(map[string]any); ok {
			object["id"] = pick(m, ids)
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		if _, isText := at.get().(string); isText {
			at.set(pick(m, ids))
		}
	},
	// languages, datatypes, escapes, numbers
	func(m *mutator, doc map[string]any, at place) {
		if s, isText := at.get().(string); isText {
			at.set(m.valueObject(s))
		}
	},
	func(m *mutator, doc map[string]any, at place) {
		if _, isText := at.get().(string); isText {
			at.set(pick(m, texts))
		}
	},
	func(m *mutator, doc map[string]any, at place) { at.set(pick(m, numbers)) },
}

// value makes a small value.
func (m *mutator) value() any {
	switch m.r.IntN(9) {
	case 0:
		return pick(m, numbers)
	case 1:
		return pick(m, texts)
	case 2:
		return m.valueObject(pick(m, texts))
	case 3:
		return pick(m, ids)
	case 4:
		return map[string]any{}
	case 5:
		return map[string]any{"id": pick(m, ids)}
	case 6:
		return map[string]any{pick(m, members): pick(m, texts), "type": pick(m, types)}
	case 7:
		return []any{map[string]any{}, map[string]any{pick(m, members): map[string]any{}}}
	}
	return pick(m, []any{true, false, nil, []any{}, []any{[]any{"x"}}})
}

func (m *mutator) valueObject(text string) map[string]any {
	object := map[string]any{"@value": text}
	if m.r.IntN(3) > 0 {
		object["@language"] = pick(m, []any{"en", "nb-NO", "ar", "EN-us", "e n", "", "a-b-c-d1", "abcdefghi", nil})
	}
	if m.r.IntN(4) == 0 {
		object["@direction"] = pick(m, []any{"ltr", "rtl", "up"})
	}
	if m.r.IntN(4) == 0 {
		delete(object, "@language")
		object["@type"] = pick(m, types)
	}
	if m.r.IntN(10) == 0 {
		object["@value"] = pick(m, numbers)
	}
	return object
}

var (
	contextURLs = []any{
		CredentialsV2, KompetansesporV1, CredentialsV1, DataIntegrityV1, DataIntegrityV2, MultikeyV1, ExamplesV1, ExamplesV2, odrl,
		"https://evil.example/v1", map[string]any{"@vocab": "https://evil.example/"}, nil,
	}
	members = []string{
		"id", "type", "name", "description", "issuer", "credentialSubject", "credentialStatus", "evidence", "proof", "verifiableCredential", "holder",
		"validFrom", "issuanceDate", "proofPurpose", "assertionMethod", "statusMessage", "message", "jsonSchema", "mediaType", "digestSRI", "cnf", "kid",
		"given_name", "employment", "employer", "results", "degree", "alumniOf", "profile", "action", "uid", "made-up", "with space", "a/b", "æ",
		"@id", "@type", "@graph", "@included", "@reverse", "@list", "@set", "@index", "@nest", "@value", "@language", "@made", "",
		"cred:issuer", "cred:other", "sec:proof", "xsd:string", "schema:name", "schema:other", "ex:degree", "ex:x y", "ex://x", "unknown:name",
		"https://schema.org/name", "https://example.org/vocab#x", "_:b0",
	}
	types = []any{
		"VerifiableCredential", "VerifiablePresentation", "DataIntegrityProof", "BitstringStatusListEntry", "BitstringStatusList", "JsonSchema", "Multikey",
		"OfferOfEmployment", "AlumniCredential", "BachelorDegree", "Ed25519Signature2018", "RsaSignature2018", "JsonSchemaValidator2018", "MadeUp", "with space",
		"https://example.org/T", "https://www.w3.org/2018/credentials#VerifiableCredential", "cred:T", "xsd:date", "schema:Person", "ex:BachelorDegree", "ex:x",
		"http://www.w3.org/2001/XMLSchema#date", "http://www.w3.org/2001/XMLSchema#string", "http://www.w3.org/2001/XMLSchema#double",
		"http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON", "@id", "@json", "@made", "", "_:b0", "id", "type", "name",
	}
	ids = []any{
		"did:example:ebfeb1f712ebc6f1c276e12ec21", "https://a.example/æ?b=c#d", "urn:uuid:1", "data:,x", "mailto:a@example.org", "cred:x", "schema:Person", "ex:1",
		"_:b0", "relative", "/a", "#a", "", "http://a b", "http://a\u00a0b", "http://a/<b>", "1:2", "x:", "a:\u2028", "https://x.example/\\", "@id", "@made", "issuer", "assertionMethod",
	}
	texts = []string{
		"", "x", "2020-01-01T00:00:00Z", "quote \" backslash \\ slash /", "tab\tline\nreturn\rfeed\fback\b", "\u0001\u001f\u007f\u0080\u009f",
		"\u2028\u2029\ufeff\ufffd", "æøå", "e\u0301", "😀\U0010ffff", "\u202eabc", "a^^<b>@c .", "assertionMethod", "did:example:1", " ",
	}
	numbers = []any{
		json.Number("0"), json.Number("5"), json.Number("5.5"), json.Number("-1"), json.Number("1e2"), json.Number("100.0"), json.Number("1e-7"), json.Number("1.5e-9"),
		json.Number("2.5e-7"), json.Number("9007199254740991"), json.Number("-9007199254740991"), json.Number("0.1"), json.Number("0.30000000000000004"),
		json.Number("123456789.125"), json.Number("1234567890123456.5"), json.Number("0.000001"), json.Number("1e-300"), json.Number("5e-324"), json.Number("1.7976931348623157e-10"),
	}
)
