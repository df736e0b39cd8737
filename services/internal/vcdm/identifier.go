package vcdm

import (
	"net/url"
	"strings"
	"unicode"
)

// maxIdentifierBytes bounds every URL and type that is read.
const maxIdentifierBytes = 2048

// optionalURL reads the id of an object (VCDM 2.0, section 4.4): one URL, or
// none. owner names the object in the error.
func optionalURL(object Document, rule, owner string) (string, error) {
	value, has := object["id"]
	if !has {
		return "", nil
	}
	text, _ := value.(string)
	if !isURL(text) {
		return "", invalid(rule, "the id of %s is not a single URL", owner)
	}
	return text, nil
}

// readParty reads issuer (section 4.7) or holder (section 4.13): a URL, or an
// object with one as its id.
func readParty(doc Document, member string, version Version) (string, error) {
	value := doc[member]
	if object, isObject := value.(map[string]any); isObject {
		if _, err := readTypes(object, member, member); err != nil {
			return "", err
		}
		if err := readTexts(object, member, version); err != nil {
			return "", err
		}
		value = object["id"]
	}
	party, _ := value.(string)
	if !isURL(party) {
		return "", invalid(member, "%s is neither a URL nor an object whose id is one", member)
	}
	return party, nil
}

// isURL wants an absolute URL (URL Standard, section 4.3) that says more than
// its scheme. Characters that nobody sees are refused: identifiers are compared
// and shown.
func isURL(s string) bool {
	if len(s) > maxIdentifierBytes || strings.ContainsFunc(s, outsideURL) || strings.Count(s, "#") > 1 {
		return false
	}
	if _, err := url.PathUnescape(s); err != nil {
		return false
	}
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "":
		return false
	case "http", "https", "ws", "wss", "ftp":
		return u.Hostname() != ""
	}
	return u.Opaque != "" || u.Host != "" || u.Path != ""
}

func outsideURL(r rune) bool {
	return r <= ' ' || unicode.IsControl(r) || unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) ||
		strings.ContainsRune("\"<>\\^`{|}", r)
}
