package jsonld

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mistakes are faults of a fast path, each of which the comparison with the oracle
// must find; what is planted changes the package as it is built, and no file.
var mistakes = []struct{ name, file, old, new string }{
	{"a dropped escape", "nquads.go", `if c >= 0x20 && c != '"' && c != '\\' && c != 0x7F {`, `if c >= 0x20 && c != '"' && c != '\\' {`},
	{"an ignored type-scoped context", "rdf.go", "if t == nil || t.scope == nil {", "if t == nil || t.scope == nil || active == untyped {"},
	{"a type-scoped context that does not end", "property.go", "active.previous != nil && !isReference", "active.previous == active && !isReference"},
	{"swapped blank nodes", "canonicalise.go", "bytes.Compare(c.first(a), c.first(b))", "bytes.Compare(c.first(b), c.first(a))"},
	{"blank nodes of equal hash taken as they come", "canonicalise.go", "if err := c.labelAlike(alike); err != nil {\n\t\t\treturn err\n\t\t}", "for _, blank := range alike {\n\t\t\tc.issue(blank)\n\t\t}"},
	{"a language in its own letter case", "literal.go", "tag = strings.ToLower(member)", "tag = member"},
	{"a graph that is not named", "property.go", "e.node(inner, value, own)", "e.node(inner, value, graph)"},
}

func TestOracleFindsPlantedMistakes(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			source, err := os.ReadFile(m.file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(source), m.old) != 1 {
				t.Fatalf("%s does not have once: %s", m.file, m.old)
			}
			changed := filepath.Join(t.TempDir(), m.file)
			overlay := filepath.Join(t.TempDir(), "overlay.json")
			replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, m.file): changed}})
			if err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string]string{changed: strings.Replace(string(source), m.old, m.new, 1), overlay: string(replaced)} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-count=1", "-vet=off", "-run", "TestMutatedDocuments", ".")
			cmd.Env = append(os.Environ(), "KOMPETANSESPOR_NO_SKIP=1")
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "the oracle's is") {
				t.Errorf("it was not found: %v\n%.2000s", err, out)
			}
		})
	}
}
