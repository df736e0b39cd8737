package vcdm

import (
	"encoding/base64"
	"mime"
	"net/url"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// envelopeMembers are what an enveloped object may hold. Anything else would
// look like part of what the envelope secures.
var envelopeMembers = []string{"@context", "id", "type"}

// Enveloped reads an EnvelopedVerifiableCredential or an
// EnvelopedVerifiablePresentation (VCDM 2.0, sections 4.13.1 and 4.13.2): the
// media type, in lower case and without parameters, and the content of the data
// URL that is its id. ok is false for a document of any other type. It fails
// with fault.Invalid.
//
// A media type that is registered for presentations does not stand in an
// enveloped credential, nor the other way round; which media types can be read
// is for the caller to know.
func Enveloped(doc strictjson.Value) (mediaType, content string, ok bool, err error) {
	kind := envelopeKind(doc)
	if kind == "" {
		return "", "", false, nil
	}
	if types := doc.Get("type"); types.Kind() == strictjson.Array && types.Len() != 1 {
		return "", "", false, invalid("type", "type names something beside %s", kind)
	}
	contexts := doc.Get("@context")
	if !names(contexts, ContextV2) {
		return "", "", false, invalid("context", "@context of an enveloped document does not name %s", ContextV2)
	}
	if err := checkContexts(contexts); err != nil {
		return "", "", false, err
	}
	if doc.Without(envelopeMembers...).Len() > 0 {
		return "", "", false, invalid("enveloped", "an enveloped document has a member outside its envelope")
	}
	id, _ := doc.Get("id").Text()
	mediaType, content, ok = readDataURL(id)
	if !ok {
		return "", "", false, invalid("enveloped", "the id of an enveloped document is not a data URL with a media type and content")
	}
	if foreign := foreignMediaTypes[kind]; strings.HasPrefix(mediaType, foreign) {
		return "", "", false, invalid("enveloped", "the media type %s does not stand in an %s", mediaType, kind)
	}
	return mediaType, content, true, nil
}

// foreignMediaTypes are how the media types of the other kind begin.
var foreignMediaTypes = map[string]string{
	TypeEnvelopedCredential:   "application/vp",
	TypeEnvelopedPresentation: "application/vc",
}

// envelopeKind gives the enveloped type that a document names, empty when it
// names none.
func envelopeKind(doc strictjson.Value) string {
	for name := range doc.Get("type").Items() {
		if text, _ := name.Text(); text == TypeEnvelopedCredential || text == TypeEnvelopedPresentation {
			return text
		}
	}
	return ""
}

// names reports whether a text stands alone or in a list.
func names(value strictjson.Value, text string) bool {
	for item := range value.Items() {
		if item.Is(text) {
			return true
		}
	}
	return false
}

// readDataURL reads a data URL (RFC 2397) that states its media type.
func readDataURL(id string) (mediaType, content string, ok bool) {
	if len(id) < len("data:") || !strings.EqualFold(id[:len("data:")], "data:") || strings.ContainsFunc(id, outsideURL) {
		return "", "", false
	}
	header, data, _ := strings.Cut(id[len("data:"):], ",")
	header, isBase64 := cutBase64(header)
	mediaType, _, err := mime.ParseMediaType(header)
	if err != nil || !strings.Contains(mediaType, "/") || strings.Contains(data, "#") {
		return "", "", false
	}
	content, err = url.PathUnescape(data)
	if err != nil {
		return "", "", false
	}
	if isBase64 {
		raw, err := base64.StdEncoding.Strict().DecodeString(content)
		if err != nil {
			return "", "", false
		}
		content = string(raw)
	}
	return mediaType, content, content != ""
}

// cutBase64 takes ";base64" from the end of a data URL's header.
func cutBase64(header string) (rest string, found bool) {
	const suffix = ";base64"
	at := len(header) - len(suffix)
	if at < 0 || !strings.EqualFold(header[at:], suffix) {
		return header, false
	}
	return header[:at], true
}
