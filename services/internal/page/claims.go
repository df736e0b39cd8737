package page

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
)

// TypeName is a credential's type in the reader's language; the type itself where
// we do not know it.
func (c *Call) TypeName(name string) string {
	t, known := credtype.Find(name)
	if !known {
		return name
	}
	return t.In(string(c.Lang))
}

// ClaimName is a claim's name in the reader's language, with the names of what it
// stands in before it: "Passport: number".
func (c *Call) ClaimName(path string) string {
	var parts []string
	steps := strings.Split(path, ".")
	for i := range steps {
		if label := credtype.Label(string(c.Lang), strings.Join(steps[:i+1], ".")); label != "" {
			parts = append(parts, label)
		}
	}
	if len(parts) == 0 {
		return path
	}
	return strings.Join(parts, ": ")
}

// Claims are the claims of a credential as facts, each leaf by its path, in the
// order of their names. What a credential says comes from outside: it is shown as
// text alone.
func (c *Call) Claims(claims map[string]any) (facts []Fact) {
	c.leaves("", claims, func(path string, value any) {
		facts = append(facts, Fact{Name: c.ClaimName(path), Value: c.ClaimValue(path, value)})
	})
	return facts
}

// technical are claims that are for machines.
var technical = []string{"id", "type", "subject_id"}

func (c *Call) leaves(at string, claims map[string]any, leaf func(path string, value any)) {
	for _, name := range slices.Sorted(maps.Keys(claims)) {
		if at == "" && slices.Contains(technical, name) {
			continue
		}
		path := name
		if at != "" {
			path = at + "." + name
		}
		if inner, ok := claims[name].(map[string]any); ok && !isMoney(inner) {
			c.leaves(path, inner, leaf)
			continue
		}
		leaf(path, claims[name])
	}
}

func isMoney(claim map[string]any) bool {
	_, amount := claim["amount"]
	_, currency := claim["currency"]
	return amount && currency
}

// ClaimValue is a claim's value as people read it.
func (c *Call) ClaimValue(path string, value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return c.T("claim.yes")
		}
		return c.T("claim.no")
	case float64:
		if path == "sex" && (v == 1 || v == 2 || v == 3) {
			return c.T("claim.sex." + strconv.Itoa(int(v)))
		}
		if v == float64(int64(v)) {
			return group(int64(v))
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		parts := make([]string, len(v))
		for i, one := range v {
			parts[i] = c.ClaimValue(path, one)
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		if isMoney(v) {
			return c.ClaimValue("", v["amount"]) + narrow + fmt.Sprint(v["currency"])
		}
		return fmt.Sprint(v)
	case string:
		return c.claimText(path, v)
	}
	return fmt.Sprint(value)
}

func (c *Call) claimText(path, text string) string {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return c.At(at)
	}
	if len(text) == len(time.DateOnly) {
		return c.Day(text)
	}
	if len(text) == 2 && (strings.HasSuffix(path, "country") || path == "nationalities") {
		return c.Country(text)
	}
	return text
}
