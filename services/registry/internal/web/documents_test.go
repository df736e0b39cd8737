package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

// lists has two versions.
type lists struct{}

func (lists) TrustList(context.Context) ([]byte, error) { return []byte("list.2"), nil }

func (lists) PastList(_ context.Context, version int64) ([]byte, error) {
	if version > 2 {
		return nil, fault.New(fault.NotFound, "trustlist.no-version", "none")
	}
	return fmt.Appendf(nil, "list.%d", version), nil
}

func TestEveryVersionOfTheListIsServed(t *testing.T) {
	mux := served(t)
	for path, want := range map[string]string{"/trust-list": "list.2", "/trust-list/1": "list.1", "/trust-list/2": "list.2"} {
		answer := ask(mux, http.MethodGet, path, "")
		if answer.Code != http.StatusOK || answer.Body.String() != want || answer.Header().Get("Content-Type") != "application/jose" {
			t.Errorf("%s: %d %q", path, answer.Code, answer.Body)
		}
	}
	if got := ask(mux, http.MethodGet, "/trust-list", "").Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("whoever asks for the current list may get an old one: %q", got)
	}
	tag := ask(mux, http.MethodGet, "/trust-list", "").Header().Get("ETag")
	if again := ask(mux, http.MethodGet, "/trust-list", tag); tag == "" || again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("the list with its entity tag %s: %d %q", tag, again.Code, again.Body)
	}
	if other := ask(mux, http.MethodGet, "/trust-list", `"1"`); other.Code != http.StatusOK || other.Body.String() != "list.2" {
		t.Errorf("the list with the entity tag of another: %d %q", other.Code, other.Body)
	}
	for _, path := range []string{"/trust-list/3", "/trust-list/0", "/trust-list/-1", "/trust-list/x", "/trust-list/99999999999999999999"} {
		if answer := ask(mux, http.MethodGet, path, ""); answer.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
}

func served(t *testing.T) *http.ServeMux {
	t.Helper()
	routes, err := Routes(lists{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for pattern, handler := range routes {
		mux.Handle(pattern, handler)
	}
	return mux
}

func ask(mux *http.ServeMux, method, path, tag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

func pathOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

func TestTypeMetadataIsServedAtItsVCT(t *testing.T) {
	mux := served(t)
	for _, kind := range credtype.All() {
		path := pathOf(t, kind.VCT)
		answer := ask(mux, http.MethodGet, path, "")
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %d %s", path, answer.Code, answer.Header().Get("Content-Type"))
		}
		var document struct {
			VCT string `json:"vct"`
		}
		if err := json.Unmarshal(answer.Body.Bytes(), &document); err != nil || document.VCT != kind.VCT {
			t.Errorf("%s speaks of %q, %v", path, document.VCT, err)
		}
		// What vct#integrity of a credential is the hash of.
		if want, err := kind.Metadata(); err != nil || !bytes.Equal(answer.Body.Bytes(), want) {
			t.Errorf("%s: the bytes are not those of the type, %v", path, err)
		}
		if ask(mux, http.MethodGet, "/.well-known"+path, "").Code != http.StatusNotFound {
			t.Errorf("/.well-known%s is served", path)
		}
	}
}

func TestDocumentsAreKeptByWhoeverHasThem(t *testing.T) {
	mux := served(t)
	paths := []string{pathOf(t, jsonld.KompetansesporV1)}
	for _, kind := range credtype.All() {
		paths = append(paths, pathOf(t, kind.VCT), pathOf(t, kind.SchemaID()))
	}
	tags := map[string]bool{}
	for _, path := range paths {
		first := ask(mux, http.MethodGet, path, "")
		tag := first.Header().Get("ETag")
		tags[tag] = true
		if first.Header().Get("Cache-Control") != "public, max-age=86400, immutable" {
			t.Errorf("%s: Cache-Control %q", path, first.Header().Get("Cache-Control"))
		}
		again := ask(mux, http.MethodGet, path, tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s with its entity tag: %d, %d bytes", path, again.Code, again.Body.Len())
		}
		other := ask(mux, http.MethodGet, path, `"another"`)
		if other.Code != http.StatusOK || !bytes.Equal(other.Body.Bytes(), first.Body.Bytes()) {
			t.Errorf("%s with another entity tag: %d", path, other.Code)
		}
		head := ask(mux, http.MethodHead, path, "")
		if head.Code != http.StatusOK || head.Body.Len() != 0 || head.Header().Get("ETag") != tag {
			t.Errorf("HEAD %s: %d, %d bytes", path, head.Code, head.Body.Len())
		}
	}
	if len(tags) != len(paths) || tags[""] {
		t.Errorf("%d documents have %d entity tags", len(paths), len(tags))
	}
}
