package holding

import (
	"net/netip"
	"net/url"
)

// maxPage is the length of the longest URL of a page that is kept.
const maxPage = 2048

// PageURL is a page that a person may be sent to: over https or, on this
// machine, http. Anything else is no page, "": nothing of an application hangs
// on it.
func PageURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxPage || u.Host == "" || u.User != nil {
		return ""
	}
	switch u.Scheme {
	case "https":
		return text
	case "http":
		if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.IsLoopback() {
			return text
		}
	}
	return ""
}
