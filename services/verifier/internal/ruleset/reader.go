package ruleset

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// reader takes claims out and gathers what is wrong with them.
type reader struct {
	claims     map[string]any
	violations []fault.Violation
}

func (r *reader) at(path string) any {
	var value any = r.claims
	for name := range strings.SplitSeq(path, ".") {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[name]
	}
	return value
}

func (r *reader) miss(path string) {
	r.violations = append(r.violations, fault.Violation{Field: path, Rule: "case.claim", Message: "the claim is missing or of another form"})
}

func (r *reader) text(path string) string {
	s, _ := r.at(path).(string)
	if s == "" {
		r.miss(path)
	}
	return s
}

func (r *reader) optional(path string) string {
	value := r.at(path)
	s, ok := value.(string)
	if !ok && value != nil {
		r.miss(path)
	}
	return s
}

func (r *reader) date(path string) string {
	s, _ := r.at(path).(string)
	if _, err := time.Parse(isoDate, s); err != nil {
		r.miss(path)
	}
	return s
}

func (r *reader) texts(path string) []string {
	items, _ := r.at(path).([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		if s, ok := item.(string); ok && s != "" {
			texts = append(texts, s)
		}
	}
	if len(texts) == 0 || len(texts) != len(items) {
		r.miss(path)
	}
	return texts
}

func (r *reader) confirmed(path string) bool {
	b, ok := r.at(path).(bool)
	if !ok {
		r.miss(path)
	}
	return b
}

func (r *reader) kroner(path string) int64 {
	amount, whole := r.scaled(path+".amount", 1)
	if !whole {
		r.miss(path + ".amount")
	}
	if r.text(path+".currency") != "NOK" || r.text(path+".period") != "YEAR" {
		r.miss(path)
	}
	return amount
}

func (r *reader) hundredths(path string) int64 {
	n, whole := r.scaled(path, 100)
	if !whole {
		r.miss(path)
	}
	return n
}

// scaled is a JSON number times scale, when that is a whole number.
func (r *reader) scaled(path string, scale float64) (int64, bool) {
	var f float64
	switch v := r.at(path).(type) {
	case float64:
		f = v
	case json.Number:
		parsed, err := v.Float64()
		if err != nil {
			return 0, false
		}
		f = parsed
	default:
		return 0, false
	}
	n := math.Round(f * scale)
	if math.IsNaN(n) || math.Abs(n) > 1e15 || math.Abs(f*scale-n) > 1e-6 {
		return 0, false
	}
	return int64(n), true
}
