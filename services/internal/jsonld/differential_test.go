package jsonld

import (
	"crypto"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const (
	// documents is how many are compared where KOMPETANSESPOR_DOCUMENTS says no other
	// number; batch how many the oracle is asked about at a time.
	documents = 3000
	batch     = 1500
	// refusedPart is which part of the refused documents the oracle is asked about,
	// to count by rule what it accepts all the same: one in so many.
	refusedPart = 16
)

// tally counts what became of the documents.
type tally struct {
	mu                  sync.Mutex // guards the fields below
	made, accepted      int
	asked               int
	acceptedByThemAlone map[string]int // by the rule that we refuse them for
}

func (c *tally) String() string {
	var parts []string
	for rule, n := range c.acceptedByThemAlone {
		parts = append(parts, fmt.Sprintf("%s %d", rule, n))
	}
	slices.Sort(parts)
	return fmt.Sprintf("%d documents: %d accepted by both, with the same bytes; of %d refused here and asked about, the oracle accepts %s",
		c.made, c.accepted, c.asked, strings.Join(parts, ", "))
}

// Whatever we accept, the oracle accepts with the same bytes.
func TestMutatedDocumentsHaveTheCanonicalFormOfTheOracle(t *testing.T) {
	number := documents
	if text, set := os.LookupEnv("KOMPETANSESPOR_DOCUMENTS"); set {
		var err error
		if number, err = strconv.Atoi(text); err != nil || number < batch {
			t.Fatalf("KOMPETANSESPOR_DOCUMENTS must be a number from %d on", batch)
		}
	}
	bases := examples(t)
	for _, text := range samples(t) {
		bases = append(bases, example{Name: "own", Document: json.RawMessage(text)})
	}
	total := tally{acceptedByThemAlone: map[string]int{}}
	t.Run("batch", func(t *testing.T) {
		for i := range (number + batch - 1) / batch {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				hash := crypto.SHA256
				if i%4 == 1 {
					hash = crypto.SHA384
				}
				compare(t, newMutator(rand.New(rand.NewPCG(5, uint64(i))), bases), hash, &total)
			})
		}
	})
	t.Log(&total)
	if total.accepted < total.made/4 {
		t.Error("few were accepted: they test little")
	}
}

// outcome is what we make of a document.
type outcome struct {
	canonical string
	err       error
}

// compare makes a batch and asks the oracle.
func compare(t *testing.T, m *mutator, hash crypto.Hash, total *tally) {
	production, development := processors(t)
	var asked []any
	var ours []outcome
	for i := range batch {
		document := m.document(t)
		var canonical []byte
		value, err := strictjson.Of(document)
		if err == nil {
			canonical, err = development.Canonize(value, hash)
			if inProduction, refused := production.Canonize(value, hash); refused == nil && string(inProduction) != string(canonical) {
				t.Errorf("production differs from development for\n%s", text(t, document))
			}
		}
		if err == nil || i%refusedPart == 0 {
			asked, ours = append(asked, document), append(ours, outcome{string(canonical), err})
		}
	}
	theirs := askOracle(t, hash, asked)
	total.mu.Lock()
	defer total.mu.Unlock()
	total.made += batch
	for i, verdict := range theirs {
		switch {
		case ours[i].err != nil:
			total.asked++
			if verdict.Error == "" {
				total.acceptedByThemAlone[fault.RuleOf(ours[i].err)]++
			}
		case ours[i].canonical != verdict.NQuads:
			t.Errorf("of\n%s\nours is\n%s\nthe oracle's is\n%s%s", text(t, asked[i]), ours[i].canonical, verdict.NQuads, verdict.Error)
		default:
			total.accepted++
		}
	}
}

func text(t testing.TB, document any) string {
	t.Helper()
	out, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
