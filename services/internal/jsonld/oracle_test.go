package jsonld

import (
	"crypto"
	"encoding/json"
	"os"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// example is a document as others write them, in testdata/documents.json. Those
// for development need the examples' contexts.
type example struct {
	Name        string
	Development bool
	Document    json.RawMessage
}

func examples(t testing.TB) []example {
	t.Helper()
	file, err := os.ReadFile("testdata/documents.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	if err := json.Unmarshal(file, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// verdict is what the oracle makes of one input.
type verdict struct{ NQuads, Error string }

var hashNames = map[crypto.Hash]string{crypto.SHA256: "sha256", crypto.SHA384: "sha384"}

// askOracle canonicalises documents with the oracle, which knows all contexts.
func askOracle(t testing.TB, hash crypto.Hash, documents []any) []verdict {
	t.Helper()
	contexts := map[string]any{}
	for _, c := range append(Contexts(), ExampleContexts()...) {
		contexts[c.URL] = json.RawMessage(c.Bytes)
	}
	var answer struct{ Results []verdict }
	testkit.Oracle(t, "jsonld.mjs", map[string]any{"op": "documents", "hash": hashNames[hash], "contexts": contexts, "documents": documents}, &answer)
	return answer.Results
}

func processors(t testing.TB) (production, development *Processor) {
	t.Helper()
	production, err := Production()
	if err != nil {
		t.Fatal(err)
	}
	if development, err = Development(); err != nil {
		t.Fatal(err)
	}
	return production, development
}

func TestDocumentsOfOthersAreAcceptedAndHaveTheCanonicalFormOfTheOracle(t *testing.T) {
	production, development := processors(t)
	all := examples(t)
	for _, text := range samples(t) {
		all = append(all, example{Name: "own", Document: json.RawMessage(text)})
	}
	documents := make([]any, len(all))
	for i := range all {
		documents[i] = all[i].Document
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
		want := askOracle(t, hash, documents)
		for i, example := range all {
			doc := decode(t, string(example.Document))
			got, err := development.Canonize(doc, hash)
			if err != nil || string(got) != want[i].NQuads {
				t.Errorf("%s: ours is\n%s, %v\nthe oracle's is\n%s, %s", example.Name, got, err, want[i].NQuads, want[i].Error)
			}
			if got, err := production.Canonize(doc, hash); (err != nil) != example.Development || err == nil && string(got) != want[i].NQuads {
				t.Errorf("%s: production gives %v", example.Name, err)
			}
		}
	}
}
