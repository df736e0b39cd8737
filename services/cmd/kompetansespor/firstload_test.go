package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
	"github.com/kompetansespor/kompetansespor/services/internal/webassets"
)

// firstLoadLimit is the most that a first visit to a portal may transfer, in bytes:
// the page and all that it needs to be shown and to work, packed, without images.
const firstLoadLimit = 150_000

func TestFirstLoadOfEachPortalIsSmall(t *testing.T) {
	testkit.NeedTool(t, webassets.Present(), "the design system's files are part of what is loaded: `make assets` copies them")
	layout, _ := started(t, t.TempDir())
	client := browser(layout)
	get := func(at string) (int, http.Header, []byte) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", "gzip")
		request.Header.Set("Accept", "text/html,*/*")
		answer, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", at, answer.StatusCode)
		}
		return len(content), answer.Header, content
	}
	for _, portal := range portalsOf(layout) {
		base, err := url.Parse(portal.URL)
		if err != nil {
			t.Fatal(err)
		}
		total, header, content := get(portal.URL + "/")
		files := 0
		for _, needed := range needs(t, unpacked(t, header, content)) {
			target, err := base.Parse(needed)
			if err != nil {
				t.Fatal(err)
			}
			size, header, _ := get(target.String())
			total += size
			files++
			if path := target.Path; strings.HasPrefix(path, "/static/") || strings.HasPrefix(path, "/wallet-static/") {
				if header.Get("Content-Encoding") != "gzip" || !strings.Contains(header.Get("Cache-Control"), "immutable") || target.Query().Get("v") == "" {
					t.Errorf("%s is sent with %q and %q", path, header.Get("Content-Encoding"), header.Get("Cache-Control"))
				}
			}
		}
		t.Logf("%s: %d bytes in the page and %d files", portal.Service, total, files)
		if files < 4 || total > firstLoadLimit {
			t.Errorf("%s transfers %d bytes in the page and %d files at first; the limit is %d", portal.Service, total, files, firstLoadLimit)
		}
	}
}

func unpacked(t *testing.T, header http.Header, content []byte) []byte {
	t.Helper()
	if header.Get("Content-Encoding") != "gzip" {
		return content
	}
	packed, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(packed)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// needs are the addresses of what a page needs: styles, scripts, icon, manifest.
func needs(t *testing.T, page []byte) (all []string) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		name := map[string]string{"link": "href", "script": "src"}[n.Data]
		for _, a := range n.Attr {
			if n.Type == html.ElementNode && name != "" && a.Key == name {
				all = append(all, a.Val)
			}
		}
	}
	return all
}
