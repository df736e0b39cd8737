package vcapi

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// The media type of requests, beside those of credentials.
const mediaJSON = "application/json"

// around is how many bytes of a request may stand around the credential or
// presentation in it.
const around = 8 << 10

// body reads a request of one of the media types: at most limit bytes for the
// document, and those around it.
func body(r *http.Request, limit int, known ...string) (mediaType string, content []byte, err error) {
	mediaType, _, err = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(known, mediaType) {
		return "", nil, rpc.UnknownMediaType(known...)
	}
	if mediaType == mediaJSON {
		limit += around
	}
	content, err = io.ReadAll(io.LimitReader(r.Body, int64(limit)+1))
	if err != nil {
		return "", nil, fault.Wrap(err, fault.Invalid, "vcapi.body", "the body could not be read")
	}
	if len(content) > limit {
		return "", nil, rpc.TooLarge(limit)
	}
	return mediaType, content, nil
}

// read reads a JSON request into a struct whose document takes at most limit
// bytes.
func read(r *http.Request, limit int, into any) error {
	_, content, err := body(r, limit, mediaJSON)
	if err != nil {
		return err
	}
	return parse(content, into)
}

func parse(content []byte, into any) error {
	err := strictjson.Unmarshal(content, into, strictjson.Limits{})
	if fault.RuleOf(err) == "json.unknown-member" {
		return invalid("unknown-option", "the request has a member or an option that is not known here")
	}
	return err
}

// document is a credential or presentation as it stands in a request.
type document []byte

// UnmarshalJSON implements json.Unmarshaler: a document is read by whoever
// knows what it is.
func (d *document) UnmarshalJSON(raw []byte) error {
	*d = bytes.Clone(raw)
	return nil
}

// check wants a document that is there, of at most limit bytes.
func (d document) check(member string, limit int) error {
	switch {
	case len(d) == 0 || string(d) == "null":
		return invalid("request", "the request has no %s", member)
	case len(d) > limit:
		return rpc.TooLarge(limit)
	}
	return nil
}

// object reads a document that is to be signed.
func (d document) object() (credential.Document, error) {
	return strictjson.DecodeObject(d, strictjson.Limits{Bytes: len(d)})
}

// text gives a document that stands in a string, such as a compact JWS.
func (d document) text() (string, bool) {
	var text string
	if d[0] != '"' || json.Unmarshal(d, &text) != nil {
		return "", false
	}
	return text, true
}

// secured gives a document as the engine reads it: compact, or a JSON object.
func (d document) secured() []byte {
	if text, ok := d.text(); ok {
		return []byte(text)
	}
	return d
}

// envelope puts a credential into an EnvelopedVerifiableCredential (VCDM 2.0,
// section 4.13.1). Neither a compact JWS nor an SD-JWT needs escaping in a data
// URL.
func envelope(mediaType string, content []byte) map[string]any {
	return map[string]any{
		"@context": []string{vcdm.ContextV2},
		"id":       "data:" + mediaType + "," + string(content),
		"type":     vcdm.TypeEnvelopedCredential,
	}
}

// answer writes a JSON document.
func answer(w http.ResponseWriter, r *http.Request, status int, value any) {
	content, err := json.Marshal(value)
	if err != nil {
		rpc.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", mediaJSON)
	w.WriteHeader(status)
	_, _ = w.Write(content) // the caller may be gone
}
