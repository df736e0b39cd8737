// Package web serves what anybody may read of the programme: the signed trust
// list and each of its versions as it was first signed, our JSON-LD context, and the JSON Schemas and type metadata of the
// credential types. Contexts, schemas and types have the host name of their
// URLs; the registry answers for it too.
//
// Type metadata is at the vct URL itself (SD-JWT VC, section "Retrieving Type
// Metadata"). The drafts before 07 put /.well-known/vct in front of the path;
// that form is not served.
package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// Lists are the signed trust lists.
type Lists interface {
	// TrustList gives the current one.
	TrustList(ctx context.Context) ([]byte, error)
	// PastList gives a version as it was first signed; NotFound when there is
	// none.
	PastList(ctx context.Context, version int64) ([]byte, error)
}

// Routes are the documents by path; they need no token. It fails when a
// document that is built in cannot be read.
func Routes(lists Lists) (map[string]http.Handler, error) {
	routes := map[string]http.Handler{"GET /trust-list": trustList(lists), "GET /trust-list/{version}": pastList(lists)}
	add := func(address, mediaType string, body []byte) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		routes["GET "+u.Path] = document(mediaType, body)
		return nil
	}
	for _, c := range jsonld.Contexts() {
		if c.URL != jsonld.KompetansesporV1 {
			continue // other people's contexts are theirs to serve
		}
		if err := add(c.URL, "application/ld+json", c.Bytes); err != nil {
			return nil, err
		}
	}
	for _, t := range credtype.All() {
		schema, err := t.Schema()
		if err != nil {
			return nil, err
		}
		if err := add(t.SchemaID(), "application/schema+json", schema); err != nil {
			return nil, err
		}
		metadata, err := t.Metadata()
		if err != nil {
			return nil, err
		}
		if err := add(t.VCT, "application/json", metadata); err != nil {
			return nil, err
		}
	}
	return routes, nil
}

// jose is the media type of a signed list (RFC 7515, section 9.2.1).
const jose = "application/jose"

// trustList gives the current list; who has it already, by its entity tag, gets 304
// (RFC 9110, section 13.1.2).
func trustList(lists Lists) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := lists.TrustList(r.Context())
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", jose)
		w.Header().Set("Cache-Control", "no-cache")
		// A signature stands for what is signed, and changes with it.
		w.Header().Set("ETag", `"`+string(body[bytes.LastIndexByte(body, '.')+1:])+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// pastList is a version that never changes: it was current from its issue time
// until the next version's.
func pastList(lists Lists) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
		if err != nil || version < 1 {
			write(w, r, nil, "", fault.New(fault.NotFound, "trustlist.no-version", "there is no such version of the trust list"))
			return
		}
		body, err := lists.PastList(r.Context(), version)
		write(w, r, body, "public, max-age=86400, immutable", err)
	})
}

func write(w http.ResponseWriter, r *http.Request, body []byte, caching string, err error) {
	if err != nil {
		rpc.WriteProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", jose)
	w.Header().Set("Cache-Control", caching)
	_, _ = w.Write(body)
}

// document is bytes that never change under their URL. Whoever has them and
// asks with their entity tag gets 304 (RFC 9110, section 13.1.2).
func document(mediaType string, body []byte) http.Handler {
	sum := sha256.Sum256(body)
	tag := `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "public, max-age=86400, immutable")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}
