package jsonld

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// literal writes a string, number or boolean with the datatype, or with the
// native one if datatype is empty (JSON-LD 1.1 API, section 8.2.2).
func literal(value any, datatype string) (rdfTerm, error) {
	native := xsdString
	var text string
	switch v := value.(type) {
	case string:
		text = v
	case bool:
		native, text = xsd+"boolean", strconv.FormatBool(v)
	case json.Number:
		var err error
		if native, text, err = number(v, datatype); err != nil {
			return rdfTerm{}, err
		}
	case nil:
		return rdfTerm{}, refuse("null", "null states nothing, so a signature does not cover it")
	case []any:
		return rdfTerm{}, refuse("nested-array", "an array stands inside an array")
	default:
		return rdfTerm{}, refuse("value", "a value has a type that JSON does not have")
	}
	if datatype == "" {
		datatype = native
	}
	return literalTerm(text, datatype), nil
}

// number writes an integer as such and anything else as a canonical xsd:double,
// which keeps 16 digits. Numbers that need more are refused.
func number(n json.Number, datatype string) (native, text string, err error) {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return "", "", refuse("number", "a number is malformed or too large")
	}
	if f == math.Trunc(f) && datatype != xsd+"double" && math.Abs(f) < 1<<53 {
		return xsd + "integer", strconv.FormatInt(int64(f), 10), nil
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', 15, 64), "E")
	mantissa = strings.TrimRight(mantissa, "0")
	if strings.HasSuffix(mantissa, ".") {
		mantissa += "0"
	}
	sign := strings.TrimLeft(exponent[:1], "+")
	exponent = strings.TrimLeft(exponent[1:], "0")
	if exponent == "" {
		sign, exponent = "", "0"
	}
	text = mantissa + "E" + sign + exponent
	if back, err := strconv.ParseFloat(text, 64); err != nil || back != f {
		return "", "", refuse("number", "a number has more digits than its canonical form")
	}
	return xsd + "double", text, nil
}

func jsonLiteral(value any) (rdfTerm, error) {
	text, err := strictjson.Canonical(value)
	if err != nil {
		return rdfTerm{}, refuse("value", "a JSON literal has no canonical form")
	}
	return literalTerm(string(text), rdfJSON), nil
}

// valueObject writes {"@value": ...} with @language, @direction or both, the
// form that VCDM 2.0 has for names and descriptions. Direction becomes part of
// the datatype (section 8.2.2, rdfDirection i18n-datatype), so that the
// signature covers it. A @type is refused: the same statement could be written
// without the object.
func valueObject(object map[string]any) (rdfTerm, error) {
	text, isText := object["@value"].(string)
	if !isText {
		return rdfTerm{}, refuse("value-object", "the @value of a value object is not a string")
	}
	tag, direction := "", ""
	for name, value := range object {
		member, isText := value.(string)
		switch {
		case name == "@value":
		case name == "@language" && isText && languageTag(member):
			tag = strings.ToLower(member)
		case name == "@direction" && (member == "ltr" || member == "rtl"):
			direction = member
		default:
			return rdfTerm{}, refuse("value-object", "a value object has a member that does not belong there")
		}
	}
	switch {
	case direction != "":
		return literalTerm(text, i18n+tag+"_"+direction), nil
	case tag != "":
		return languageTerm(text, tag), nil
	}
	return rdfTerm{}, refuse("value-object", "a value object has neither language nor direction")
}

// languageTag follows the grammar that N-Quads has for language tags.
func languageTag(s string) bool {
	for i, part := range strings.Split(s, "-") {
		if part == "" || len(part) > 8 {
			return false
		}
		for _, c := range []byte(part) {
			letter := 'a' <= c|0x20 && c|0x20 <= 'z'
			if !letter && (i == 0 || c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
