package page

import (
	"cmp"
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

// Claims are the claims of a credential as facts, each leaf by its path: who it is
// about, what the credential is for, then what it rests on. What a credential says
// comes from outside: it is shown as text alone.
func (c *Call) Claims(claims map[string]any) (facts []Fact) {
	c.leaves("", claims, func(path string, value any) {
		facts = append(facts, Fact{Name: c.ClaimName(path), Value: c.ClaimValue(path, value)})
	})
	return facts
}

// Claims stand in this order: the person first, then what only some credentials say,
// by its name, then what they have in common, and at the end what people seldom read.
var (
	person = []string{
		"given_name", "family_name", "birthdate", "sex", "nationalities", "place_of_birth", "current_country", "email", "phone_number", "duf_number",
	}
	common = []string{
		"passport", "document_number", "issuing_country", "issuing_authority", "date_of_issuance", "date_of_expiry",
		"employment", "job_title", "start_date", "end_date", "annual_salary", "position_percentage", "weekly_hours", "required_education_level",
		"employer", "legal_name", "organisation_number", "contact_email", "signatory", "name", "role", "declarations",
	}
	seldom = []string{"issued_at", "offer_id", "accreditation_ref", "supersedes", "authorised_by"}
)

// rank is where a claim stands below another, at; empty: at the top. The name may be a
// whole path.
func rank(at, name string) int {
	if head, rest, nested := strings.Cut(name, "."); nested {
		return rank("", head) + 1 + rank(head, rest)/10
	}
	if i := slices.Index(person, name); i >= 0 {
		return i
	}
	if i := slices.Index(common, name); i >= 0 {
		return 100 + 20*i
	}
	switch {
	case slices.Contains(seldom, name):
		return 900
	case at != "":
		return 800
	}
	return 50
}

// technical are claims that are for machines.
var technical = []string{"id", "type", "subject_id"}

func (c *Call) leaves(at string, claims map[string]any, leaf func(path string, value any)) {
	for _, name := range slices.SortedFunc(maps.Keys(claims), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(at, a), rank(at, b)), cmp.Compare(a, b))
	}) {
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
		if path == "employment.position_percentage" {
			return strconv.FormatFloat(v, 'f', -1, 64) + narrow + "%"
		}
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
	switch path {
	case "employment.required_education_level":
		if key := "claim.education." + text; c.Portal.Texts.Has(key) {
			return c.T(key)
		}
	case "employment.position_percentage":
		return text + narrow + "%"
	}
	return text
}
