package arch

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const repository = "../../.."

// architecture is ARCHITECTURE.md: the map, drawn in a code block, and the
// whole text.
func architecture(t *testing.T) (drawn, text string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(repository, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(content), "## The map\n\n```\n")
	drawn, _, closed := strings.Cut(rest, "\n```\n")
	if !found || !closed {
		t.Fatal("ARCHITECTURE.md has no map")
	}
	return drawn, string(content)
}

// there reports whether a path, with * for any name, is in the repository.
func there(name string) bool {
	found, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(name)))
	return err == nil && len(found) > 0
}

var (
	goFile = regexp.MustCompile(`[a-z_]+\.go`)
	quoted = regexp.MustCompile("`([^`\n]+)`")
)

// draw reads the map: every path that it names, as the alternatives of which
// one must be there (an entry below seven services need not be in each).
func draw(drawn string) [][]string {
	type level struct {
		indent int
		paths  []string
	}
	var named [][]string
	parents := []level{{-1, []string{""}}}
	for line := range strings.Lines(drawn) {
		entry := strings.TrimSpace(line)
		if entry == "" {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		names, about, _ := strings.Cut(entry, "  ")
		if indent > 8 { // a description goes on
			names, about = "", entry
		} else {
			for len(parents) > 1 && parents[len(parents)-1].indent >= indent {
				parents = parents[:len(parents)-1]
			}
			above, here := parents[len(parents)-1].paths, level{indent: indent}
			for _, name := range strings.Fields(names) {
				alternatives := below(above, name)
				named, here.paths = append(named, alternatives), append(here.paths, alternatives...)
			}
			parents = append(parents, here)
		}
		for _, file := range goFile.FindAllString(about, -1) {
			named = append(named, below(parents[len(parents)-1].paths, file))
		}
	}
	return named
}

// below puts a name under each path: <service> is the path's own last name,
// other words in angle brackets are any name.
func below(above []string, name string) []string {
	var all []string
	for _, parent := range above {
		one := strings.ReplaceAll(name, "<service>", path.Base(parent))
		all = append(all, path.Join(parent, strings.ReplaceAll(one, "<domain>", "*")))
	}
	return all
}

func TestMapNamesNothingThatIsNotThere(t *testing.T) {
	drawn, _ := architecture(t)
	named := draw(drawn)
	for _, alternatives := range named {
		if !slices.ContainsFunc(alternatives, there) {
			t.Errorf("the map has %s, and it is not there", strings.Join(alternatives, " or "))
		}
	}
	if len(named) < 70 {
		t.Errorf("only %d paths were found in the map", len(named))
	}
}

func TestMapLeavesNoPackageOut(t *testing.T) {
	drawn, _ := architecture(t)
	mapped := slices.Concat(draw(drawn)...)
	for _, pattern := range []string{"*", "services/*", "services/internal/*"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, one := range found {
			info, err := os.Stat(one)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(repository, one)
			if err != nil {
				t.Fatal(err)
			}
			built := name == "bin" || name == "data" || strings.HasPrefix(name, ".")
			if info.IsDir() && !built && !slices.ContainsFunc(mapped, func(m string) bool {
				return m == filepath.ToSlash(name) || strings.HasPrefix(m, filepath.ToSlash(name)+"/")
			}) {
				t.Errorf("%s is not on the map", name)
			}
		}
	}
}

// What the text names by its path below services/, a file after another by its
// name alone, is there.
func TestArchitectureNamesNoFileThatIsNotThere(t *testing.T) {
	_, text := architecture(t)
	folder, seen := "", 0
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		name := match[1]
		first, _, deep := strings.Cut(name, "/")
		switch {
		case deep && (first == "internal" || slices.Contains(services, first)):
			if folder = path.Join("services", name); path.Ext(name) == ".go" {
				folder = path.Dir(folder)
			}
			name = path.Join("services", name)
		case path.Ext(name) == ".go":
			name = path.Join(folder, name)
		default:
			continue
		}
		if seen++; !there(name) {
			t.Errorf("ARCHITECTURE.md speaks of %s, and it is not there", name)
		}
	}
	if seen < 35 {
		t.Errorf("only %d paths were found in the text", seen)
	}
}
