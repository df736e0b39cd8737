package webassets_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/kompetansespor/kompetansespor/services/internal/webassets"
)

func ask(t *testing.T, path string, header ...string) *http.Response {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("GET /static/{file...}", webassets.Handler())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Result()
}

func TestFileWithItsHashIsKept(t *testing.T) {
	whole := ask(t, webassets.URL("site.css"))
	if whole.StatusCode != http.StatusOK || !strings.Contains(whole.Header.Get("Cache-Control"), "immutable") {
		t.Fatalf("%d %s", whole.StatusCode, whole.Header.Get("Cache-Control"))
	}
	if got := whole.Header.Get("Content-Type"); got != "text/css; charset=utf-8" {
		t.Errorf("content type %s", got)
	}
	if old := ask(t, "/static/site.css?v=000000000000"); strings.Contains(old.Header.Get("Cache-Control"), "immutable") {
		t.Error("another version's address is kept for ever")
	}
	tag := whole.Header.Get("ETag")
	for _, has := range []string{tag, "W/" + tag, `"older", ` + tag} {
		if same := ask(t, webassets.URL("site.css"), "If-None-Match", has); same.StatusCode != http.StatusNotModified {
			t.Errorf("%s: what the browser has is sent again: %d", has, same.StatusCode)
		}
	}
}

func TestPackedFileIsTheFile(t *testing.T) {
	plain, err := io.ReadAll(ask(t, "/static/live.js").Body)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := gzip.NewReader(ask(t, "/static/live.js", "Accept-Encoding", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := io.ReadAll(packed)
	if err != nil || string(opened) != string(plain) {
		t.Errorf("%d bytes packed, %d plain: %v", len(opened), len(plain), err)
	}
}

func TestFileIsPackedForThoseWhoTakeIt(t *testing.T) {
	for accepts, packed := range map[string]bool{
		"": false, "br": false, "gzip": true, "br, GZIP;q=0.5": true, "gzip;q=0": false, "br, gzip; q=0.000": false, "x-gzip": false,
	} {
		answer := ask(t, "/static/site.css", "Accept-Encoding", accepts)
		if got := answer.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: packed is %t", accepts, got)
		}
		if answer.Header.Get("Vary") != "Accept-Encoding" || answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q: %v", accepts, answer.Header)
		}
	}
}

// The program is built and works before the toolkit was copied.
func TestEmptyFolderServesNothing(t *testing.T) {
	none := webassets.Open(fstest.MapFS{"files/README.md": {Data: []byte("none yet")}, "own": {Mode: fs.ModeDir}}, "files", "own")
	mux := http.NewServeMux()
	mux.Handle("GET /static/{file...}", none)
	for _, path := range []string{none.URL("/static/", "ds.css"), "/static/ds.css?v=", "/static/README.md"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestNothingElseIsServed(t *testing.T) {
	for _, path := range []string{"/static/none.css", "/static/README.md", "/static/../webassets.go", "/static/..%2fwebassets.go", "/static/"} {
		if got := ask(t, path).StatusCode; got != http.StatusNotFound && got != http.StatusTemporaryRedirect && got != http.StatusMovedPermanently {
			t.Errorf("%s answers %d", path, got)
		}
	}
}

func TestHashFollowsTheContent(t *testing.T) {
	one := webassets.Open(fstest.MapFS{"a/x.js": {Data: []byte("1")}}, "a")
	two := webassets.Open(fstest.MapFS{"a/x.js": {Data: []byte("2")}}, "a")
	if one.URL("/s/", "x.js") == two.URL("/s/", "x.js") {
		t.Error("two contents have one address")
	}
}

// Fonts and pictures of others would tell them who reads our pages, and the policy of
// pages refuses them.
func TestStylesheetsAskForNothingElsewhere(t *testing.T) {
	outward := regexp.MustCompile(`@import|@font-face|url\(["']?([a-z]+:)?//`)
	for _, name := range []string{"site.css", "ds-theme.css", "ds.css"} {
		if name != "site.css" && !webassets.Present() {
			t.Skip("Designsystemet's files are not there: make assets")
		}
		content, err := io.ReadAll(ask(t, webassets.URL(name)).Body)
		if err != nil {
			t.Fatal(err)
		}
		if found := outward.FindString(string(content)); found != "" {
			t.Errorf("%s has %s", name, found)
		}
	}
}

// Everything that the first page of a person asks for besides itself.
func TestFirstLoadIsSmall(t *testing.T) {
	if !webassets.Present() {
		t.Skip("Designsystemet's files are not there: make assets")
	}
	sum := 0
	for _, name := range []string{"ds-theme.css", "ds.css", "site.css", "live.js", "icon.svg"} {
		body, err := io.ReadAll(ask(t, webassets.URL(name), "Accept-Encoding", "gzip").Body)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", name, len(body))
		sum += len(body)
	}
	if sum > 120_000 {
		t.Errorf("a first load has %d bytes besides the page", sum)
	}
}
