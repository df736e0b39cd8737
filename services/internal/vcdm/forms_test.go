package vcdm

// The tests of form have a table for each section of the Recommendation
// (https://www.w3.org/TR/2025/REC-vc-data-model-2.0-20250515/). A case that
// names a fixture states what that file of the published test suite does
// (https://github.com/w3c/vc-data-model-2.0-test-suite, tests/input), whose
// verdict is in the file's name; the test puts in the issuer, as the suite does.
// Every other case is made from the text of the section in its name.
//
// The suite expects two things that this package cannot see: a type that no
// context defines (credential-type-unmapped-fail, -type-mapped-nonurl-fail,
// -redef-type-fail) is refused where terms are, and a related resource with a
// well-formed digest of something else where the resource is used.

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"iter"
	"maps"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// formCase is one change of a document that is well-formed.
type formCase struct {
	name string
	// suite is the fixture of the published suite, empty for a case made from
	// the text.
	suite string
	// set holds members that are put in the place of the document's, as JSON.
	set string
	// drop is a member that is taken away.
	drop string
	// rule is the rule that refuses, without "credential."; empty when the
	// document is accepted.
	rule string
}

// formTable holds the cases of a section, all for one reader.
type formTable struct {
	section string
	base    string
	read    func(strictjson.Value) error
	cases   []formCase
}

// formTables are all tables, so that a test can look at them together.
var formTables = []formTable{
	contextTable, contextPresentationTable, identifierTable, typeTable, typePresentationTable,
	nameTable, languageTable, issuerTable, subjectTable, periodTable, timeTable,
	statusTable, schemaTable, refreshTable, termsTable, evidenceTable, reservedTable, relatedTable,
	presentationTable, holderTable, presentationExtensionTable, envelopedTable, envelopedPresentationTable,
	version1Table, version1PresentationTable,
}

const (
	baseCredential = `{
		"@context": ["https://www.w3.org/ns/credentials/v2"],
		"type": ["VerifiableCredential"],
		"issuer": "did:example:issuer",
		"credentialSubject": {"id": "did:example:subject"}
	}`
	baseCredentialV1 = `{
		"@context": ["https://www.w3.org/2018/credentials/v1"],
		"type": ["VerifiableCredential"],
		"issuer": "did:example:issuer",
		"issuanceDate": "2010-01-01T19:23:24Z",
		"credentialSubject": {"id": "did:example:subject"}
	}`
	basePresentation = `{
		"@context": ["https://www.w3.org/ns/credentials/v2"],
		"type": ["VerifiablePresentation"],
		"verifiableCredential": [` + baseCredential + `]
	}`
	basePresentationV1 = `{
		"@context": ["https://www.w3.org/2018/credentials/v1"],
		"type": ["VerifiablePresentation"],
		"verifiableCredential": [` + baseCredentialV1 + `]
	}`
	baseEnveloped = `{
		"@context": "https://www.w3.org/ns/credentials/v2",
		"id": "data:application/vc+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
		"type": "EnvelopedVerifiableCredential"
	}`
	baseEnvelopedPresentation = `{
		"@context": "https://www.w3.org/ns/credentials/v2",
		"id": "data:application/vp+jwt,eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl",
		"type": "EnvelopedVerifiablePresentation"
	}`
)

func credentialForm(doc strictjson.Value) error {
	_, err := ReadCredential(doc)
	return err
}

func presentationForm(doc strictjson.Value) error {
	_, err := ReadPresentation(doc)
	return err
}

// envelopedForm also refuses what is not enveloped at all.
func envelopedForm(doc strictjson.Value) error {
	_, _, ok, err := Enveloped(doc)
	if err == nil && !ok {
		return fault.New(fault.Invalid, "credential.not-enveloped", "not enveloped")
	}
	return err
}

func decode(t testing.TB, text string) strictjson.Value {
	t.Helper()
	doc, err := strictjson.ReadObject([]byte(text), strictjson.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return doc
}

func (c formCase) document(t testing.TB, base string) strictjson.Value {
	t.Helper()
	doc := decode(t, base).Map()
	if c.set != "" {
		maps.Copy(doc, decode(t, "{"+c.set+"}").Map())
	}
	delete(doc, c.drop)
	v, err := strictjson.Of(doc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestForm(t *testing.T) {
	for _, table := range formTables {
		for _, c := range table.cases {
			t.Run(table.section+" "+c.name, func(t *testing.T) {
				err := table.read(c.document(t, table.base))
				switch {
				case c.rule == "" && err != nil:
					t.Errorf("refused: %v", err)
				case c.rule != "" && err == nil:
					t.Errorf("accepted")
				case c.rule != "" && (fault.RuleOf(err) != "credential."+c.rule || fault.KindOf(err) != fault.Invalid):
					t.Errorf("refused with %v", err)
				}
			})
		}
	}
}

// The verdict of the suite is in the name of its file.
func TestFormAgreesWithThePublishedSuite(t *testing.T) {
	fixtures := 0
	for _, table := range formTables {
		for _, c := range table.cases {
			if c.suite == "" {
				continue
			}
			fixtures++
			if refused := strings.HasSuffix(c.suite, "-fail"); refused != (c.rule != "") {
				t.Errorf("%s %s: the suite has %s", table.section, c.name, c.suite)
			}
		}
	}
	if fixtures < 60 {
		t.Errorf("only %d fixtures are left", fixtures)
	}
}

func TestNoTwoCasesHaveOneName(t *testing.T) {
	seen := map[string]bool{}
	for _, table := range formTables {
		for _, c := range table.cases {
			name := table.section + " " + c.name
			if seen[name] {
				t.Errorf("two cases are named %q", name)
			}
			seen[name] = true
		}
	}
}

// Every refusal in the source is what some case gets: it fails when the refusal
// is taken away, for the document would be accepted or refused in other words.
func TestEveryRefusalHasACase(t *testing.T) {
	var heard []string
	for _, table := range formTables {
		for _, c := range table.cases {
			if err := table.read(c.document(t, table.base)); err != nil {
				heard = append(heard, fault.From(err).Message)
			}
		}
	}
	for where, format := range refusals(t) {
		if elsewhere[format] {
			continue
		}
		pattern := regexp.MustCompile("^" + strings.NewReplacer("%s", ".+", "%d", "[0-9]+").Replace(regexp.QuoteMeta(format)) + "$")
		if !matchesAny(pattern, heard) {
			t.Errorf("%s: no case is refused with %q", where, format)
		}
	}
}

// elsewhere are refusals with a test of their own, since they need more than a
// document.
var elsewhere = map[string]bool{
	"the credential is not valid yet":                            true,
	"the credential has expired":                                 true,
	"a resource in use is not the one that the credential means": true,
}

func matchesAny(pattern *regexp.Regexp, texts []string) bool {
	for _, text := range texts {
		if pattern.MatchString(text) {
			return true
		}
	}
	return false
}

// refusals gives the message of every call of invalid in this package, by where
// it stands.
func refusals(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	formats := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for call := range refusingCalls(file) {
			where := fmt.Sprint(files.Position(call.Pos()))
			literal, ok := call.Args[1].(*ast.BasicLit)
			if !ok {
				t.Fatalf("%s: the message is not a literal", where)
			}
			format, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			if before, has := formats[format]; has {
				t.Errorf("%s: the same message as %s, so no test can tell them apart", where, before)
			}
			found[where], formats[format] = format, where
		}
	}
	if len(found) == 0 {
		t.Fatal("no refusal found in the source")
	}
	return found
}

// refusingCalls yields every call of invalid.
func refusingCalls(file *ast.File) iter.Seq[*ast.CallExpr] {
	return func(yield func(*ast.CallExpr) bool) {
		for n := range ast.Preorder(file) {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				continue
			}
			if name, ok := call.Fun.(*ast.Ident); ok && name.Name == "invalid" && !yield(call) {
				return
			}
		}
	}
}
