// Package webassets serves what pages need besides themselves: Designsystemet's
// stylesheets, which `make assets` copies into files/ before the program is built,
// and our own in own/. The program is built and works without the former.
package webassets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed files own
var embedded embed.FS

// asset is one file, ready to be sent.
type asset struct {
	plain, packed []byte
	kind, hash    string
}

var load = sync.OnceValue(func() Set { return Open(embedded, "files", "own") })

// prepare makes a file ready to be sent.
func prepare(name string, content []byte) asset {
	sum := sha256.Sum256(content)
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one of gzip's
	_, _ = w.Write(content)                                    // a buffer takes everything
	_ = w.Close()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".js": // whatever the machine's own table says
		kind = "text/javascript; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	}
	return asset{plain: content, packed: packed.Bytes(), kind: kind, hash: hex.EncodeToString(sum[:6])}
}

// URL is where a file is, with its hash, so that a browser keeps it for as long as
// it stays the same. A file that is not there has a URL that answers 404.
func URL(name string) string { return load().URL("/static/", name) }

// Present reports whether Designsystemet's files are there.
func Present() bool {
	_, there := load()["ds.css"]
	return there
}

// Handler serves GET /static/{file...}.
func Handler() http.Handler { return load() }

// Set is files by name.
type Set map[string]asset

// Open makes a set of the files of folders; later ones stand for earlier ones of the
// same name. A folder that cannot be read is a mistake in the program.
func Open(files fs.FS, folders ...string) Set {
	all := Set{}
	for _, folder := range folders {
		entries, err := fs.ReadDir(files, folder)
		if err != nil {
			panic(err)
		}
		for _, entry := range entries {
			content, err := fs.ReadFile(files, path.Join(folder, entry.Name()))
			if err != nil {
				panic(err)
			}
			if path.Ext(entry.Name()) != ".md" {
				all[entry.Name()] = prepare(entry.Name(), content)
			}
		}
	}
	return all
}

// URL is where a file is that is served below a prefix, with its hash.
func (s Set) URL(prefix, name string) string { return prefix + name + "?v=" + s[name].hash }

// ServeHTTP implements http.Handler, for a pattern that ends in {file...} or {file}.
func (s Set) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	one, there := s[r.PathValue("file")]
	if !there {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", one.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("ETag", `"`+one.hash+`"`)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == one.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), `"`+one.hash+`"`) { // perhaps one of several, or weak
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if takesGzip(r.Header) {
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(one.packed) // the reader may be gone
		return
	}
	_, _ = w.Write(one.plain)
}

// takesGzip reports whether a reader asks for packed files; RFC 9110, section 12.5.3.
func takesGzip(h http.Header) bool {
	for one := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, quality, _ := strings.Cut(one, ";")
		_, weight, weighed := strings.Cut(quality, "=")
		refused := weighed && strings.Trim(weight, "0. ") == ""
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return !refused
		}
	}
	return false
}
