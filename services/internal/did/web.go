package did

import (
	"strconv"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const webPrefix = "did:web:"

// WebURL says where the document of a did:web is found (did:web method,
// "Read (Resolve)"). Only a host name in lower case is a host: addresses in
// any notation, and names that a resolver may read as one, are refused, and so
// is every percent-encoded character but the colon before a port.
//
// The name may still lead to a private address: whoever fetches must look at
// what it connects to.
func WebURL(did string) (string, error) {
	rest, ok := strings.CutPrefix(did, webPrefix)
	if !ok || len(did) > 512 {
		return "", fault.New(fault.Invalid, "did.web", "not a did:web")
	}
	host, path, hasPath := strings.Cut(rest, ":")
	host, port, hasPort := strings.Cut(strings.Replace(host, "%3a", "%3A", 1), "%3A")
	if !hostName(host) {
		return "", fault.New(fault.Invalid, "did.web-host", "the host of a did:web is a name in lower case")
	}
	url := "https://" + host
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return "", fault.New(fault.Invalid, "did.web-host", "not a port")
		}
		url += ":" + port
	}
	if !hasPath {
		return url + "/.well-known/did.json", nil
	}
	for _, segment := range strings.Split(path, ":") {
		if !pathSegment(segment) {
			return "", fault.New(fault.Invalid, "did.web-path", "the path of a did:web is of letters, digits, '.', '-' and '_'")
		}
		url += "/" + segment
	}
	return url + "/did.json", nil
}

// hostName accepts names of at least two labels whose last one is not a
// number: inet_aton reads 127.1, 0x7f.1 and 2130706433 as addresses.
func hostName(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return last[0] >= 'a' && last[0] <= 'z'
}

func pathSegment(s string) bool {
	if s == "" || s == "." || s == ".." {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}
