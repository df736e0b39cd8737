package jsonld

import (
	"crypto"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// canonTest is a test of the W3C's suite for RDFC-1.0, in testdata/rdfc10.json.
type canonTest struct {
	ID, Name, Hash string
	In             string
	Out            *string // nil: the input must be refused
	Map            map[string]string
}

func canonTests(t *testing.T) []canonTest {
	t.Helper()
	file, err := os.ReadFile("testdata/rdfc10.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite struct{ Tests []canonTest }
	if err := json.Unmarshal(file, &suite); err != nil {
		t.Fatal(err)
	}
	return suite.Tests
}

func TestRDFC10Suite(t *testing.T) {
	for _, test := range canonTests(t) {
		t.Run(test.ID+" "+test.Name, func(t *testing.T) {
			hash := crypto.SHA256
			if test.Hash == "SHA-384" {
				hash = crypto.SHA384
			}
			d, blanks, err := readNQuads(test.In)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.canonical(hash)
			if test.Out == nil {
				if fault.RuleOf(err) != "jsonld.too-alike" {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || string(got) != *test.Out {
				t.Fatalf("got\n%s, %v\nwant\n%s", got, err, *test.Out)
			}
			checkMap(t, test, d, blanks, hash)
		})
	}
}

// checkMap compares the canonical labels with those published, and sees that
// they are a relabelling of the input whose sorted lines are the result. Where
// blank nodes can change places, several are.
func checkMap(t *testing.T, test canonTest, d dataset, blanks map[string]int32, hash crypto.Hash) {
	t.Helper()
	c, err := canonical(d.text, d.quads, hash)
	if err != nil {
		t.Fatal(err)
	}
	label := func(blank int32) string {
		label, _ := c.canonicalLabel(blank)
		return label
	}
	for name, want := range test.Map {
		if got := label(blanks[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	issued := map[string]bool{}
	for _, blank := range blanks {
		issued[label(blank)] = true
	}
	if len(issued) != len(blanks) {
		t.Errorf("%d labels for %d blank nodes", len(issued), len(blanks))
	}
	lines := make([]string, len(d.quads))
	for i := range d.quads {
		lines[i] = string(d.quads[i].append(nil, d.text, labelling{canonical: c.labels}))
	}
	slices.Sort(lines)
	if strings.Join(lines, "") != *test.Out {
		t.Error("the labels do not give the result")
	}
}

func TestHashesThatRDFC10DoesNotHaveAreRefused(t *testing.T) {
	for _, hash := range []crypto.Hash{0, crypto.SHA1, crypto.SHA512} {
		if _, err := (dataset{}).canonical(hash); fault.RuleOf(err) != "jsonld.hash" {
			t.Errorf("%v: got %v", hash, err)
		}
	}
}
