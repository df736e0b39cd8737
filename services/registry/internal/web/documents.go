// Package web serves what anybody may read of the programme: the signed trust
// list, our JSON-LD context, and the JSON Schemas and type metadata of the
// credential types. Contexts, schemas and types have the host name of their
// URLs; the registry answers for it too.
package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

// TrustList gives the current list, signed.
type TrustList func(ctx context.Context) ([]byte, error)

// Routes are the documents by path; they need no token. It fails when a
// document that is built in cannot be read.
func Routes(list TrustList) (map[string]http.Handler, error) {
	routes := map[string]http.Handler{"GET /trust-list": trustList(list)}
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
		metadata, err := typeMetadata(t)
		if err != nil {
			return nil, err
		}
		if err := add(t.VCT, "application/json", metadata); err != nil {
			return nil, err
		}
	}
	return routes, nil
}

func trustList(list TrustList) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := list(r.Context())
		if err != nil {
			rpc.WriteProblem(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/jose")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	})
}

// document is bytes that never change under their URL.
func document(mediaType string, body []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", mediaType)
		w.Header().Set("Cache-Control", "public, max-age=86400, immutable")
		_, _ = w.Write(body)
	})
}

// typeMetadata is what an SD-JWT VC's vct says of itself (SD-JWT VC, section
// "SD-JWT VC Type Metadata").
func typeMetadata(t credtype.Type) ([]byte, error) {
	type display struct {
		Locale string `json:"locale"`
		Name   string `json:"name"`
	}
	words := strings.ReplaceAll(t.Slug(), "-", " ")
	return json.Marshal(struct {
		VCT     string    `json:"vct"`
		Name    string    `json:"name"`
		Display []display `json:"display"`
	}{t.VCT, t.Name, []display{{"en", strings.ToUpper(words[:1]) + words[1:]}}})
}
