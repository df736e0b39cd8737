package vcdm

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// maxIdentifierBytes bounds every URL and type that is read.
const maxIdentifierBytes = 2048

// optionalURL reads the id of an object (VCDM 2.0, section 4.4): one URL, or
// none. owner names the object in the error.
func optionalURL(object strictjson.Value, rule, owner string) (string, error) {
	value := object.Get("id")
	if !value.Exists() {
		return "", nil
	}
	text, _ := value.Text()
	if !isURL(text) {
		return "", invalid(rule, "the id of %s is not a single URL", owner)
	}
	return text, nil
}

// readParty reads issuer (section 4.7) or holder (section 4.13): a URL, or an
// object with one as its id.
func readParty(doc strictjson.Value, member string, version Version) (string, error) {
	value := doc.Get(member)
	if value.Kind() == strictjson.Object {
		if _, err := readTypes(value, member, member); err != nil {
			return "", err
		}
		if err := readTexts(value, member, version); err != nil {
			return "", err
		}
		value = value.Get("id")
	}
	party, _ := value.Text()
	if !isURL(party) {
		return "", invalid(member, "%s is neither a URL nor an object whose id is one", member)
	}
	return party, nil
}

// isURL wants an absolute URL (URL Standard, section 4.3) that says more than
// its scheme. Characters that nobody sees are refused: identifiers are compared
// and shown.
func isURL(s string) bool {
	return PlainURL(s) || parsedURL(s)
}

// PlainURL reports whether s is a URL of plain letters that needs no parser to be
// seen as one: a host and a path, or a scheme of another kind and what it names.
// It is false for many that are URLs.
func PlainURL(s string) bool {
	if len(s) > maxIdentifierBytes {
		return false
	}
	colon, hashes := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
		case c == ':' && colon == 0 && i > 0:
			colon = i
		case colon == 0: // schemes of other letters are rare
			return false
		case c == '#':
			if hashes++; hashes > 1 {
				return false
			}
		case !plainInURL[c]:
			return false
		}
	}
	if colon == 0 {
		return false
	}
	scheme, rest := s[:colon], s[colon+1:]
	switch scheme {
	case "https", "http":
		host, found := strings.CutPrefix(rest, "//")
		if !found {
			return false
		}
		host, _, _ = strings.Cut(host, "/")
		return host != "" && !strings.ContainsAny(host, ":?#@[]")
	case "ws", "wss", "ftp":
		return false
	}
	return rest != "" && rest[0] != '/' && rest[0] != '?' && rest[0] != '#'
}

// plainInURL are the characters besides small letters and # that PlainURL takes.
var plainInURL = func() (plain [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?@!$&'()*+,;=") {
		plain[c] = true
	}
	return plain
}()

func parsedURL(s string) bool {
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
