// Package pagetest opens a portal's pages as a browser without scripts does: over
// TLS, with cookies, by following links and sending the forms that a page has.
package pagetest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/page"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
)

// Site is a portal that is served.
type Site struct {
	Portal *page.Portal
	Table  page.Table
	server *httptest.Server
}

// deadline ends streams, as that of a service's listener does.
const deadline = time.Second

// enter is where a test signs in.
const enter = "/pagetest/enter"

// Serve serves a portal's pages until the test ends. What the portal lacks of
// sessions and randomness it gets here.
func Serve(t *testing.T, portal *page.Portal, table page.Table) *Site {
	t.Helper()
	if portal.Random == nil {
		portal.Random = rand.Reader
	}
	if portal.Sessions == nil {
		portal.Sessions = &session.Sessions{Cache: cache.NewMemory(portal.Clock, 0, 0), Clock: portal.Clock, Random: rand.Reader}
	}
	mux := http.NewServeMux()
	for pattern, handler := range portal.Routes(table) {
		mux.Handle(pattern, handler)
	}
	mux.HandleFunc("POST "+enter, func(w http.ResponseWriter, r *http.Request) {
		who := rpc.Principal{Role: rpc.Role(r.FormValue("role")), Subject: r.FormValue("subject"), Office: r.FormValue("office")}
		if _, err := portal.Sessions.Start(r.Context(), w, session.Session{Who: who, Name: "Kari Nordmann"}); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		mux.ServeHTTP(w, r.WithContext(ctx))
	}))
	t.Cleanup(server.Close)
	return &Site{Portal: portal, Table: table, server: server}
}

// Browser has its own cookies. It asks for pages in bokmål.
type Browser struct {
	t      *testing.T
	site   *Site
	client *http.Client
	// Header is sent with every request.
	Header http.Header
}

// Open opens a browser in which nobody is signed in.
func (s *Site) Open(t *testing.T) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := s.server.Client()
	return &Browser{
		t: t, site: s, Header: http.Header{"Accept-Language": {"nb"}},
		client: &http.Client{Transport: client.Transport, Jar: jar},
	}
}

// As opens a browser in which somebody is signed in.
func (s *Site) As(t *testing.T, who rpc.Principal) *Browser {
	t.Helper()
	b := s.Open(t)
	answer := b.send(http.MethodPost, enter, url.Values{"role": {string(who.Role)}, "subject": {who.Subject}, "office": {who.Office}})
	if answer.Status != http.StatusOK {
		t.Fatalf("sign in: %d %s", answer.Status, answer.Text)
	}
	return b
}

// Follow says whether redirects are followed; they are unless told otherwise.
func (b *Browser) Follow(redirects bool) {
	b.client.CheckRedirect = nil
	if !redirects {
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
}

// Cookie is the value of a cookie that the browser holds; empty when it does not.
func (b *Browser) Cookie(name string) string {
	at, err := url.Parse(b.site.server.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, one := range b.client.Jar.Cookies(at) {
		if one.Name == name {
			return one.Value
		}
	}
	return ""
}

// Doc is an answer.
type Doc struct {
	Status int
	Header http.Header
	Path   string // after redirects, with its query
	Raw    string
	Text   string // what a reader sees, space collapsed
	root   *html.Node
	in     *Browser
}

// Get opens a page, following redirects.
func (b *Browser) Get(path string) *Doc { b.t.Helper(); return b.send(http.MethodGet, path, nil) }

// Post sends a form that no page has shown, as an attacker's page would.
func (b *Browser) Post(path string, values url.Values) *Doc {
	b.t.Helper()
	return b.send(http.MethodPost, path, values)
}

func (b *Browser) send(method, path string, values url.Values) *Doc {
	b.t.Helper()
	return b.sendAs(method, path, "application/x-www-form-urlencoded", strings.NewReader(values.Encode()))
}

func (b *Browser) sendAs(method, path, contentType string, content io.Reader) *Doc {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.site.server.URL+path, content)
	if err != nil {
		b.t.Fatal(err)
	}
	for name, all := range b.Header {
		request.Header[name] = all
	}
	if method == http.MethodPost {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := b.client.Do(request)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	body := string(raw)
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	return &Doc{
		Status: answer.StatusCode, Header: answer.Header, Path: answer.Request.URL.RequestURI(), Raw: body,
		Text: strings.Join(strings.Fields(text(root)), " "), root: root, in: b,
	}
}

// short is a page's text as a failure shows it.
func (d *Doc) short() string {
	const most = 1500
	if len(d.Text) > most {
		return d.Text[:most] + " ..."
	}
	return d.Text
}

// Submit sends the page's form with an action, its own values changed by those
// given as name, value. A form that is not there, or a field, fails the test.
func (d *Doc) Submit(action string, pairs ...string) *Doc {
	d.in.t.Helper()
	form, values := d.fill(action, pairs)
	if strings.EqualFold(attr(form, "method"), "post") {
		return d.in.send(http.MethodPost, action, values)
	}
	return d.in.send(http.MethodGet, action+"?"+values.Encode(), nil)
}

// SubmitFile is Submit with a file in one of the form's fields.
func (d *Doc) SubmitFile(action, field, content string, pairs ...string) *Doc {
	d.in.t.Helper()
	form, values := d.fill(action, pairs)
	if attr(form, "enctype") != "multipart/form-data" {
		d.in.t.Fatalf("form %s sends no files", action)
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, all := range values {
		for _, value := range all {
			if err := w.WriteField(name, value); err != nil {
				d.in.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile(field, "file")
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		d.in.t.Fatal(err)
	}
	return d.in.sendAs(http.MethodPost, action, w.FormDataContentType(), &body)
}

// fill is the page's form with an action, and what it sends.
func (d *Doc) fill(action string, pairs []string) (*html.Node, url.Values) {
	d.in.t.Helper()
	form := find(d.root, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		d.in.t.Fatalf("%s has no form %s:\n%s", d.Path, action, d.short())
	}
	values := valuesOf(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		name := pairs[i]
		if find(form, func(n *html.Node) bool { return attr(n, "name") == name }) == nil {
			d.in.t.Fatalf("form %s has no field %s", action, name)
		}
		values.Set(name, pairs[i+1])
	}
	return form, values
}

// Values are what the form with an action would send.
func (d *Doc) Values(action string) url.Values {
	d.in.t.Helper()
	_, values := d.fill(action, nil)
	return values
}

// Field is the value of a field of the form with an action.
func (d *Doc) Field(action, name string) string {
	form := find(d.root, func(n *html.Node) bool { return n.Data == "form" && attr(n, "action") == action })
	if form == nil {
		return ""
	}
	return valuesOf(form).Get(name)
}

// Link is where the first link with a text leads; it fails the test when there is
// none.
func (d *Doc) Link(label string) string {
	d.in.t.Helper()
	link := find(d.root, func(n *html.Node) bool {
		return n.Data == "a" && strings.Join(strings.Fields(text(n)), " ") == label
	})
	if link == nil {
		d.in.t.Fatalf("%s has no link %q:\n%s", d.Path, label, d.short())
	}
	return attr(link, "href")
}

// Wants fails the test unless the page shows all of what is given.
func (d *Doc) Wants(shown ...string) *Doc {
	d.in.t.Helper()
	for _, one := range shown {
		if !strings.Contains(d.Text, one) {
			d.in.t.Errorf("%s (%d) does not show %q:\n%s", d.Path, d.Status, one, d.short())
		}
	}
	return d
}

// Is fails the test unless the page has a status.
func (d *Doc) Is(status int) *Doc {
	d.in.t.Helper()
	if d.Status != status {
		d.in.t.Fatalf("%s answers %d, want %d:\n%s", d.Path, d.Status, status, d.short())
	}
	return d
}

func valuesOf(form *html.Node) url.Values {
	values := url.Values{}
	for n := range form.Descendants() {
		name := attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			kind := attr(n, "type")
			if (kind == "radio" || kind == "checkbox") && !has(n, "checked") || kind == "submit" || kind == "file" {
				continue
			}
			values.Add(name, attr(n, "value"))
		case "textarea":
			values.Add(name, text(n))
		case "select":
			chosen := find(n, func(o *html.Node) bool { return o.Data == "option" && has(o, "selected") })
			if chosen == nil {
				chosen = find(n, func(o *html.Node) bool { return o.Data == "option" })
			}
			if chosen != nil {
				values.Add(name, attr(chosen, "value"))
			}
		}
	}
	return values
}

func find(n *html.Node, match func(*html.Node) bool) *html.Node {
	for one := range n.Descendants() {
		if one.Type == html.ElementNode && match(one) {
			return one
		}
	}
	return nil
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for one := range n.Descendants() {
		if one.Type == html.TextNode && (one.Parent == nil || one.Parent.Data != "option") {
			fmt.Fprint(&b, one.Data, " ")
		}
	}
	return b.String()
}
