package didresolution

import (
	"mime"
	"strconv"
	"strings"
)

// Media types of a DID resolution result and of a DID document.
const (
	mediaResult   = "application/did-resolution"
	mediaProfile  = `application/ld+json;profile="https://w3id.org/did-resolution"`
	mediaDocument = "application/did+ld+json"
)

const (
	// profile marks the resolution results that tools asked for before the
	// result had a media type of its own.
	profile = "https://w3id.org/did-resolution"
	// maxAccept bounds the Accept header, in media types.
	maxAccept = 32
)

// negotiate picks what to answer with: the supported media type that is
// accepted the most (RFC 9110 section 12.5.1), the first of equals. bare means
// the document without a result around it. Who says nothing, or takes anything,
// gets a result.
func negotiate(accept []string) (media string, bare, ok bool) {
	all := strings.Join(accept, ",")
	if strings.TrimSpace(all) == "" {
		return mediaResult, false, true
	}
	best := 0.0
	for i, one := range strings.Split(all, ",") {
		if i == maxAccept {
			break
		}
		kind, parameters, err := mime.ParseMediaType(one)
		if err != nil {
			continue
		}
		weight := 1.0
		if q, has := parameters["q"]; has {
			if weight, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if offer, isBare, known := offered(kind, parameters["profile"]); known && weight > best && weight <= 1 {
			media, bare, ok, best = offer, isBare, true, weight
		}
	}
	return media, bare, ok
}

func offered(kind, askedProfile string) (media string, bare, known bool) {
	switch kind {
	case mediaResult, "*/*", "application/*":
		return mediaResult, false, true
	case "application/json":
		return kind, false, true
	case "application/ld+json":
		if askedProfile == profile {
			return mediaProfile, false, true
		}
		return kind, true, askedProfile == ""
	case "application/did", "application/did+json", mediaDocument:
		return kind, true, true
	}
	return "", false, false
}
