package jsonld

import (
	"crypto"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
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

// Whatever we accept, the oracle accepts with the same bytes. Of what we refuse
// it is asked about a part, to count by rule what it accepts all the same.
func TestMutatedDocumentsHaveTheCanonicalFormOfTheOracle(t *testing.T) {
	production, development := processors(t)
	bases := examples(t)
	for _, text := range samples(t) {
		bases = append(bases, example{Name: "own", Document: json.RawMessage(text)})
	}
	for hash, number := range map[crypto.Hash]int{crypto.SHA256: 2500, crypto.SHA384: 500} {
		m := newMutator(rand.New(rand.NewPCG(5, uint64(hash))), bases)
		var documents []any
		var ours []outcome
		for i := range number {
			document := m.document(t)
			canonical, err := development.Canonize(document, hash)
			if inProduction, refused := production.Canonize(document, hash); refused == nil && string(inProduction) != string(canonical) {
				t.Errorf("production differs from development for\n%s", text(t, document))
			}
			if err == nil || i%refusedPart == 0 {
				documents, ours = append(documents, document), append(ours, outcome{string(canonical), err})
			}
		}
		accepted, refused, asked := 0, map[string]int{}, 0
		for i, theirs := range askOracle(t, hash, documents) {
			switch {
			case ours[i].err != nil:
				asked++
				if theirs.Error == "" {
					refused[fault.RuleOf(ours[i].err)]++
				}
			case ours[i].canonical != theirs.NQuads:
				t.Errorf("of\n%s\nours is\n%s\nthe oracle's is\n%s%s", text(t, documents[i]), ours[i].canonical, theirs.NQuads, theirs.Error)
			default:
				accepted++
			}
		}
		if accepted < number/4 {
			t.Errorf("only %d of %d mutations were accepted: they test little", accepted, number)
		}
		t.Logf("%s: %d of %d accepted by both; of %d refused here, the oracle accepts %s", hashNames[hash], accepted, number, asked, counts(refused))
	}
}

// refusedPart is which part of the refused documents the oracle is asked about:
// one in so many.
const refusedPart = 4

// outcome is what we make of a document.
type outcome struct {
	canonical string
	err       error
}

func counts(m map[string]int) string {
	var parts []string
	total := 0
	for rule, n := range m {
		parts = append(parts, fmt.Sprintf("%s %d", rule, n))
		total += n
	}
	slices.Sort(parts)
	return fmt.Sprintf("%d (%s)", total, strings.Join(parts, ", "))
}

func text(t testing.TB, document any) string {
	t.Helper()
	out, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
