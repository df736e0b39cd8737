package jsonld

import (
	"crypto"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// dataset is statements and the text that their terms are in.
type dataset struct {
	terms
	quads []quad
}

func (d dataset) canonical(hash crypto.Hash) ([]byte, error) {
	return canonicalise(d.text, d.quads, hash)
}

// randomGraph makes a small dataset with few different parts, so that many of
// its blank nodes look alike.
func randomGraph(r *rand.Rand) dataset {
	var d dataset
	named := d.iri("https://a.example/n")
	blanks := 2 + r.IntN(5)
	node := func() rdfTerm {
		if r.IntN(5) == 0 {
			return named
		}
		return rdfTerm{blank: int32(1 + r.IntN(blanks))}
	}
	seen := map[quad]bool{}
	for range 1 + r.IntN(9) {
		q := quad{subject: node(), object: node(), predicate: fmt.Sprintf("<https://a.example/p%d>", r.IntN(2))}
		if r.IntN(3) == 0 {
			q.graph = node()
		}
		if !seen[q] {
			d.quads = append(d.quads, q)
		}
		seen[q] = true
	}
	return d
}

// relabelled gives the same dataset in another order with other numbers.
func relabelled(r *rand.Rand, d dataset) dataset {
	numbers := r.Perm(20)
	rename := func(t rdfTerm) rdfTerm {
		if t.blank > 0 {
			t.blank = int32(1 + numbers[t.blank])
		}
		return t
	}
	out := dataset{d.terms, make([]quad, len(d.quads))}
	for i, at := range r.Perm(len(d.quads)) {
		q := d.quads[at]
		out.quads[i] = quad{rename(q.subject), rename(q.object), rename(q.graph), q.predicate}
	}
	return out
}

// written gives the statements in their order, with labels that are not canonical.
func (d dataset) written() string {
	labels := make([]int32, 64)
	for i := range labels {
		labels[i] = int32(100 + i)
	}
	var text []byte
	for i := range d.quads {
		text = d.quads[i].append(text, d.text, labelling{canonical: labels})
	}
	return strings.ReplaceAll(string(text), "_:c14n", "_:e")
}

func TestCanonicalFormDependsOnNothingButTheDataset(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		d := randomGraph(r)
		first, err := d.canonical(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		second, err := relabelled(r, d).canonical(crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if string(first) != string(second) {
			t.Fatalf("two forms of one dataset:\n%s\n%s", first, second)
		}
	}
}

func TestCanonicalFormOfRandomGraphsIsThatOfTheOracle(t *testing.T) {
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384} {
		r := rand.New(rand.NewPCG(3, uint64(hash)))
		var ours, datasets []string
		for range 300 {
			d := randomGraph(r)
			canonical, err := d.canonical(hash)
			if err != nil {
				t.Fatal(err)
			}
			ours, datasets = append(ours, string(canonical)), append(datasets, d.written())
		}
		var answer struct{ Results []verdict }
		testkit.Oracle(t, "jsonld.mjs", map[string]any{"op": "datasets", "hash": hashNames[hash], "datasets": datasets}, &answer)
		for i, theirs := range answer.Results {
			if ours[i] != theirs.NQuads {
				t.Errorf("dataset\n%sours\n%soracle\n%s%s", datasets[i], ours[i], theirs.NQuads, theirs.Error)
			}
		}
	}
}

// A presentation of every type of ours stays far from the bound.
func TestOwnDocumentsNeedLittleOfTheBudget(t *testing.T) {
	p, err := Production()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range samples(t) {
		doc := decode(t, text)
		e, err := p.toRDF(doc, doc.Get("@context"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := canonical(e.terms.text, e.quads, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if c.work > maxWork/10 {
			t.Errorf("%d units of %d", c.work, maxWork)
		}
	}
}

// Hostile input 25: a clique, in which every blank node looks like every other.
func TestCliqueOfBlankNodesIsStopped(t *testing.T) {
	var d dataset
	for a := int32(1); a <= 12; a++ {
		for b := int32(1); b <= 12; b++ {
			if a != b {
				d.quads = append(d.quads, quad{rdfTerm{blank: a}, rdfTerm{blank: b}, rdfTerm{}, "<https://a.example/p>"})
			}
		}
	}
	if _, err := d.canonical(crypto.SHA256); fault.RuleOf(err) != "jsonld.too-alike" {
		t.Errorf("got %v", err)
	}
}
