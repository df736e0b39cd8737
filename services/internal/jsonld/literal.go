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
func (e *emitter) literal(value strictjson.Value, datatype string) (rdfTerm, error) {
	native := xsdString
	text, _ := value.Text()
	switch value.Kind() {
	case strictjson.String:
	case strictjson.Bool:
		native, text = xsd+"boolean", value.Canonical()
	case strictjson.Number:
		n, _ := value.Number()
		var err error
		if native, text, err = number(n, datatype); err != nil {
			return rdfTerm{}, err
		}
	case strictjson.Array:
		return rdfTerm{}, refuse("nested-array", "an array stands inside an array")
	default:
		return rdfTerm{}, refuse("null", "null states nothing, so a signature does not cover it")
	}
	if datatype == "" {
		datatype = native
	}
	return e.terms.literal(text, datatype), nil
}

// number writes an integer as such and anything else as a canonical xsd:double,
// which keeps 16 digits. Numbers that need more are refused, and so are those
// like 1e-7, which ECMAScript prints without a point and jsonld.js, for that
// reason, takes for integers.
func number(n json.Number, datatype string) (native, text string, err error) {
	if datatype != xsd+"double" && strictjson.PlainInteger(string(n)) {
		return xsd + "integer", string(n), nil
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return "", "", refuse("number", "a number is malformed or too large")
	}
	if shortest := strconv.FormatFloat(f, 'e', -1, 64); f != 0 && math.Abs(f) < 1e-6 && !strings.Contains(shortest, ".") {
		return "", "", refuse("number", "a number is written in different ways by implementations")
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

func (e *emitter) jsonLiteral(value strictjson.Value) rdfTerm {
	return e.terms.literal(value.Canonical(), rdfJSON)
}

// valueObject writes {"@value": ...} with @language, @direction or both, the
// form that VCDM 2.0 has for names and descriptions, or with a @type. Direction
// becomes part of the datatype (section 8.2.2, rdfDirection i18n-datatype), so
// that the signature covers it.
func (e *emitter) valueObject(active *activeContext, coercion string, object strictjson.Value) (rdfTerm, error) {
	text, isText := object.Get("@value").Text()
	if !isText {
		return rdfTerm{}, refuse("value-object", "the @value of a value object is not a string")
	}
	tag, direction, datatype := "", "", ""
	for name, value := range object.Members() {
		member, isText := value.Text()
		switch {
		case name == "@value":
		case name == "@language" && isText && languageTag(member):
			tag = strings.ToLower(member)
		case name == "@direction" && (member == "ltr" || member == "rtl"):
			direction = member
		case name == "@type" && strings.Contains(member, ":") && object.Len() == 2:
			var err error
			if datatype, err = active.vocabularyIRI(member); err != nil {
				return rdfTerm{}, err
			}
		default:
			return rdfTerm{}, refuse("value-object", "a value object has a member that does not belong there")
		}
	}
	switch {
	case datatype != "":
		return e.typedValue(coercion, text, datatype)
	case direction != "":
		return e.terms.literal(text, i18n+tag+"_"+direction), nil
	case tag != "":
		return e.terms.inLanguage(text, tag), nil
	}
	return rdfTerm{}, refuse("value-object", "a value object has no language, direction or type")
}

// typedValue writes a string with a datatype that a plain value of the property
// cannot have; what a plain value can say is refused.
func (e *emitter) typedValue(coercion, text, datatype string) (rdfTerm, error) {
	switch {
	case datatype == coercion, datatype == rdfJSON, datatype == rdfLangString, strings.HasPrefix(datatype, i18n),
		datatype == xsdString, datatype == xsd+"boolean", datatype == xsd+"integer", datatype == xsd+"double":
		return rdfTerm{}, refuse("value-object", "a value object has a type that a plain value has by itself")
	}
	return e.terms.literal(text, datatype), nil
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
