// Package didresolution answers other people's tools that ask what a DID
// resolves to: the HTTP(S) binding of DID Resolution 1.0 (section 12.1; the
// same as that of version 0.3). It resolves DIDs and dereferences no DID URL,
// and takes no options.
//
// Documents are given as they are understood here: keys in forms that the
// project does not know are left out, and so are members that it does not
// read.
package didresolution

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Path is where the binding lives; the DID follows. Mount the handler at
// "GET " + Path + "{did...}".
const Path = "/1.0/identifiers/"

// Documents finds DID documents as they are published, retired keys among the
// others. Errors are those of did.Resolver.
type Documents interface {
	Published(ctx context.Context, name string) (*did.Document, error)
}

// Handler answers GET /1.0/identifiers/{did} with a DID resolution result, or
// with the bare document where only a representation of one is accepted.
func Handler(documents Documents) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		media, bare, ok := negotiate(r.Header.Values("Accept"))
		if !ok {
			answer(w, mediaResult, failed(notSupported))
			return
		}
		result := resolve(r, documents)
		if result.Resolution.Error != nil && bare {
			media, bare = mediaResult, false // an error has no other form
		}
		if !bare {
			answer(w, media, result)
			return
		}
		body, err := json.Marshal(result.Document)
		if err != nil {
			answer(w, mediaResult, failed(internal))
			return
		}
		send(w, media, http.StatusOK, body)
	})
}

func resolve(r *http.Request, documents Documents) result {
	if r.URL.RawQuery != "" {
		return failed(noOptions)
	}
	name, ok := requested(r.URL)
	if !ok || did.Check(name) != nil {
		return failed(invalidDID)
	}
	doc, err := documents.Published(r.Context(), name)
	if err != nil {
		return failed(problemOf(name, err))
	}
	return result{Document: doc, Resolution: resolutionMetadata{ContentType: mediaDocument}}
}

// requested is the DID of a request. It stands in the path as it is, where
// "%3A" belongs to it, or encoded once more.
func requested(u *url.URL) (string, bool) {
	name, ok := strings.CutPrefix(u.EscapedPath(), Path)
	if !ok || strings.HasPrefix(name, "did:") {
		return name, ok
	}
	name, err := url.PathUnescape(name)
	return name, err == nil
}

// result is a DID resolution result (section 9).
type result struct {
	Document   *did.Document      `json:"didDocument"`
	Resolution resolutionMetadata `json:"didResolutionMetadata"`
	Metadata   struct{}           `json:"didDocumentMetadata"`
}

type resolutionMetadata struct {
	ContentType string   `json:"contentType,omitempty"`
	Error       *problem `json:"error,omitempty"`
}

func failed(p problem) result {
	return result{Resolution: resolutionMetadata{Error: &p}}
}

// problem is an error of DID Resolution (section 11), in the form of RFC 9457.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail,omitempty"`
	status int
}

func newProblem(status int, code, title string) problem {
	return problem{Type: "https://www.w3.org/ns/did#" + code, Title: title, status: status}
}

// The errors and their status codes (section 12.1, step 6).
var (
	invalidDID      = newProblem(http.StatusBadRequest, "INVALID_DID", "this is not a DID")
	notFound        = newProblem(http.StatusNotFound, "NOT_FOUND", "the DID document was not found")
	notSupported    = newProblem(http.StatusNotAcceptable, "REPRESENTATION_NOT_SUPPORTED", "none of the accepted representations is made here")
	invalidDocument = newProblem(http.StatusInternalServerError, "INVALID_DID_DOCUMENT", "the DID document is malformed")
	internal        = newProblem(http.StatusInternalServerError, "INTERNAL_ERROR", "the DID could not be resolved now")
	methodUnknown   = newProblem(http.StatusNotImplemented, "METHOD_NOT_SUPPORTED", "DIDs of this method are not resolved here")
	noOptions       = newProblem(http.StatusNotImplemented, "FEATURE_NOT_SUPPORTED", "resolution options are not supported")
)

// problemOf says why a DID did not resolve. What lies in the DID itself is the
// asker's to mend; what lies in a document that was fetched is not.
func problemOf(name string, err error) problem {
	rule := fault.RuleOf(err)
	fetched := strings.HasPrefix(name, "did:web:") && !strings.HasPrefix(rule, "did.web")
	var p problem
	switch fault.KindOf(err) {
	case fault.NotFound:
		p = notFound
		if rule == "did.method" {
			p = methodUnknown
		}
	case fault.Invalid:
		switch {
		case !fetched:
			p = invalidDID
		case strings.HasPrefix(rule, "fetch.") && rule != "fetch.too-large":
			p = notFound
		default:
			p = invalidDocument
		}
	default:
		return internal
	}
	p.Detail = fault.From(err).Message
	return p
}

func answer(w http.ResponseWriter, media string, r result) {
	status := http.StatusOK
	if r.Resolution.Error != nil {
		status = r.Resolution.Error.status
	}
	body, err := json.Marshal(r)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	send(w, media, status, body)
}

func send(w http.ResponseWriter, media string, status int, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Vary", "Accept")
	if status == http.StatusOK {
		w.Header().Set("Cache-Control", "public, max-age=60")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
