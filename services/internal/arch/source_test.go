package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const module = "github.com/kompetansespor/kompetansespor/services"

// source is one package as it stands in its files, tests left out.
type source struct {
	path    string // below the module
	service string // the service it belongs to, or empty
	files   []*ast.File
}

// parse reads every package below root. Build constraints are not looked at:
// a rule holds on every platform.
func parse(root string) (*token.FileSet, []source, error) {
	positions := token.NewFileSet()
	packages := map[string]*source{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_")
			if name != root && (hidden || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		below, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(positions, name, text, parser.ParseComments)
		if err != nil {
			return err
		}
		at := filepath.ToSlash(below)
		if packages[at] == nil {
			packages[at] = &source{path: at, service: serviceOf(at)}
		}
		packages[at].files = append(packages[at].files, file)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("parse %s: %w", root, err)
	}

	var sorted []source
	for _, p := range packages {
		sorted = append(sorted, *p)
	}
	slices.SortFunc(sorted, func(a, b source) int { return strings.Compare(a.path, b.path) })
	return positions, sorted, nil
}

// serviceOf names the service that a package is part of, or nothing.
func serviceOf(at string) string {
	first, _, _ := strings.Cut(at, "/")
	if slices.Contains(services, first) {
		return first
	}
	return ""
}

// imported is the path of an import: below the module, or as it stands.
func imported(spec *ast.ImportSpec) string {
	whole := strings.Trim(spec.Path.Value, "`\"")
	if below, ok := strings.CutPrefix(whole, module+"/"); ok {
		return below
	}
	return whole
}

// breach is one place where a rule is broken.
type breach struct {
	at   token.Pos
	what string
}

func (r rule) guards(p source) bool {
	return matches(p.path, p.service, r.applies) && !matches(p.path, p.service, r.except)
}

// check finds where a package breaks the rule.
func (r rule) check(p source) []breach {
	if !r.guards(p) {
		return nil
	}
	var found []breach
	known := map[string]bool{}
	for _, file := range p.files {
		for _, spec := range file.Imports {
			name := imported(spec)
			if matches(name, p.service, r.imports) && !matches(name, p.service, r.unless) {
				found = append(found, breach{spec.Pos(), "imports " + name})
			}
			if s := serviceOf(name); s != "" && r.services > 0 && !known[s] {
				known[s] = true
				if len(known) > r.services {
					found = append(found, breach{spec.Pos(), "imports yet another service, " + s})
				}
			}
		}
		found = append(found, r.checkUses(file)...)
		if r.spawns {
			ast.Inspect(file, func(n ast.Node) bool {
				if statement, ok := n.(*ast.GoStmt); ok {
					found = append(found, breach{statement.Pos(), "starts a goroutine"})
				}
				return true
			})
		}
	}
	return found
}

// checkUses finds forbidden names, called or passed on as values.
func (r rule) checkUses(file *ast.File) []breach {
	if len(r.uses) == 0 {
		return nil
	}
	var found []breach
	local := map[string]string{} // name in this file to import path
	for _, spec := range file.Imports {
		name := imported(spec)
		as := path.Base(name)
		if spec.Name != nil {
			as = spec.Name.Name
		}
		if as == "." && slices.ContainsFunc(r.uses, func(use string) bool { return strings.HasPrefix(use, name+".") }) {
			found = append(found, breach{spec.Pos(), "hides the names of " + name})
		}
		local[as] = name
	}
	ast.Inspect(file, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		// An identifier with an object is a variable that shadows the import.
		from, ok := selector.X.(*ast.Ident)
		if !ok || from.Obj != nil {
			return true
		}
		if use := local[from.Name] + "." + selector.Sel.Name; slices.Contains(r.uses, use) {
			found = append(found, breach{selector.Pos(), "uses " + use})
		}
		return true
	})
	return found
}
