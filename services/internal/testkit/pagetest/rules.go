package pagetest

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

var refusing = regexp.MustCompile(`fault\.New\(fault\.(?:Invalid|Conflict|NotFound|Denied), "([a-z.-]+)"`)

// CheckRules reads the Go files of folders for the rules that they refuse by, and fails
// the test where people would read a general sentence, because the catalog has no text
// rule.<rule>. machines are the rules that no page can lead to, and none of them may
// have a text; a rule that is in no file any more may not stand among them.
func CheckRules(t *testing.T, catalog texts.Catalog, machines []string, folders ...string) {
	t.Helper()
	rules := map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no Go files: %v", folder, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range refusing.FindAllStringSubmatch(string(content), -1) {
				rules[found[1]] = true
			}
		}
	}
	for rule := range rules {
		told, machine := catalog.Has("rule."+rule), slices.Contains(machines, rule)
		if !told && !machine {
			t.Errorf("people who meet %s read no sentence of its own: there is no text rule.%s", rule, rule)
		}
		if told && machine {
			t.Errorf("%s is said to be for machines, and has a text", rule)
		}
	}
	for _, rule := range machines {
		if !rules[rule] {
			t.Errorf("%s is said to be for machines, and nothing refuses by it", rule)
		}
	}
}
