package arch

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// expand writes out the {a,b} of a pattern, and leaves {service}, {same} and
// {other} alone.
func expand(pattern string) []string {
	for start, r := range pattern {
		if r != '{' {
			continue
		}
		end := start + strings.IndexByte(pattern[start:], '}')
		alternatives := strings.Split(pattern[start+1:end], ",")
		if len(alternatives) == 1 {
			continue
		}
		var all []string
		for _, alternative := range alternatives {
			all = append(all, expand(pattern[:start]+alternative+pattern[end+1:])...)
		}
		return all
	}
	return []string{pattern}
}

// compile makes the expression that a pattern stands for, as seen from a
// package of the given service (empty for packages of none).
func compile(pattern, service string) *regexp.Regexp {
	var others []string
	for _, s := range services {
		if s != service {
			others = append(others, s)
		}
	}
	same := service
	if same == "" {
		same = "$none^"
	}
	words := map[string]string{
		"{service}": "(?:" + strings.Join(services, "|") + ")",
		"{other}":   "(?:" + strings.Join(others, "|") + ")",
		"{same}":    same,
		"*":         "[^/]+",
	}

	base, below := strings.CutSuffix(pattern, "/...")
	if pattern == "..." {
		return regexp.MustCompile("^.*$")
	}
	var segments []string
	for _, segment := range strings.Split(base, "/") {
		if word, ok := words[segment]; ok {
			segments = append(segments, word)
		} else {
			segments = append(segments, regexp.QuoteMeta(segment))
		}
	}
	expression := "^" + strings.Join(segments, "/")
	if below {
		expression += "(?:/.*)?"
	}
	return regexp.MustCompile(expression + "$")
}

// compiled keeps the expressions of (pattern, service); tests here run one
// after the other.
var compiled = map[[2]string]*regexp.Regexp{}

// matches reports whether a path is named by one of the patterns.
func matches(path, service string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		return slices.ContainsFunc(expand(pattern), func(p string) bool {
			if p == "std" {
				return standard(path)
			}
			key := [2]string{p, service}
			if compiled[key] == nil {
				compiled[key] = compile(p, service)
			}
			return compiled[key].MatchString(path)
		})
	})
}

// standard reports whether an import path is of the standard library: the path
// of another module has a dot before its first slash, and what lies below this
// module begins with one of a few names. (Nobody can import the standard
// library's own cmd and internal.)
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	own := append([]string{"cmd", "demo", "e2e", "internal"}, services...)
	return !strings.Contains(first, ".") && !slices.Contains(own, first)
}

func TestPatternsNameWhatTheySay(t *testing.T) {
	for _, c := range []struct {
		pattern, service, path string
		want                   bool
	}{
		{"...", "", "internal/did", true},
		{"internal/did", "", "internal/did", true},
		{"internal/did", "", "internal/did/web", false},
		{"internal/did/...", "", "internal/did", true},
		{"internal/did/...", "", "internal/did/web", true},
		{"internal/did/...", "", "internal/didcomm", false},
		{"internal/{did,fault}/...", "", "internal/fault", true},
		{"{service}/internal/*", "", "bank/internal/account", true},
		{"{service}/internal/*", "", "shop/internal/account", false},
		{"{service}/...", "", "bank", true},
		{"{same}/internal/{api,web}", "bank", "bank/internal/web", true},
		{"{same}/internal/{api,web}", "bank", "tax/internal/web", false},
		{"{same}/...", "", "bank", false},
		{"{other}/...", "bank", "tax/internal/web", true},
		{"{other}/...", "bank", "bank", false},
		{"net/http/...", "", "net/http/httptest", true},
		{"std", "", "net/http", true},
		{"std", "", "bank/internal/account", false},
		{"std", "", "github.com/nats-io/nats.go", false},
		{"github.com/nats-io/...", "", "github.com/nats-io/nats.go", true},
		{"github.com/nats-io/...", "", "githubXcom/nats-io/nats.go", false},
	} {
		if got := matches(c.path, c.service, []string{c.pattern}); got != c.want {
			t.Errorf("%q names %q for service %q: %v, want %v", c.pattern, c.path, c.service, got, c.want)
		}
	}
}
