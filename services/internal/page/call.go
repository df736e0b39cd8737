package page

import (
	"bytes"
	"compress/gzip"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/session"
	"github.com/kompetansespor/kompetansespor/services/internal/texts"
)

// Call is one request for a page.
type Call struct {
	Portal *Portal
	W      http.ResponseWriter
	R      *http.Request
	Lang   texts.Lang
	// Session is the reader's, nil when nobody is signed in.
	Session *session.Session

	said  string // key of what was just done, shown once
	token string // made when first asked for
}

// Who is the reader to the service's calls; the zero Principal when nobody is
// signed in.
func (c *Call) Who() rpc.Principal {
	if c.Session == nil {
		return rpc.Principal{}
	}
	return c.Session.Who
}

// Is reports whether the reader has one of the roles.
func (c *Call) Is(roles ...rpc.Role) bool { return slices.Contains(roles, c.Who().Role) }

// Context is for calls in the reader's name.
func (c *Call) Context() context.Context {
	if c.Session == nil {
		return c.R.Context()
	}
	return rpc.WithPrincipal(c.R.Context(), c.Session.Who)
}

// Path is a value of the path's pattern.
func (c *Call) Path(name string) string { return c.R.PathValue(name) }

// Query is a value of the query, at most 200 bytes.
func (c *Call) Query(name string) string {
	value := c.R.URL.Query().Get(name)
	if len(value) > 200 {
		return ""
	}
	return value
}

// T is a text in the reader's language; see texts.Catalog.In.
func (c *Call) T(key string, fill ...string) string { return c.Portal.Texts.In(c.Lang, key, fill...) }

// N is a text of a number: key.one for 1, key.many otherwise, {n} filled in.
func (c *Call) N(key string, n int, fill ...string) string {
	form := ".many"
	if n == 1 {
		form = ".one"
	}
	return c.T(key+form, append(fill, "n", c.Number(int64(n)))...)
}

// Show answers with a page.
func (c *Call) Show(part templ.Component) error { return c.ShowWith(http.StatusOK, part) }

// ShowWith answers with a page and a status.
func (c *Call) ShowWith(status int, part templ.Component) error {
	var body bytes.Buffer
	if err := part.Render(c.Context(), &body); err != nil {
		return err
	}
	h := c.W.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", string(c.Lang))
	h.Add("Vary", "Accept-Encoding")
	if !strings.Contains(c.R.Header.Get("Accept-Encoding"), "gzip") {
		c.W.WriteHeader(status)
		_, _ = c.W.Write(body.Bytes()) // the reader may be gone
		return nil
	}
	h.Set("Content-Encoding", "gzip")
	c.W.WriteHeader(status)
	packed := gzip.NewWriter(c.W)
	_, _ = packed.Write(body.Bytes())
	_ = packed.Close()
	return nil
}

// Go sends the reader to a page of this portal.
func (c *Call) Go(path string) error {
	http.Redirect(c.W, c.R, Local(path), http.StatusSeeOther)
	return nil
}

// Leave sends the reader to an address elsewhere, which a provider has given.
func (c *Call) Leave(address string) error {
	http.Redirect(c.W, c.R, address, http.StatusSeeOther)
	return nil
}

// Done says what was done on the page that it sends the reader to.
func (c *Call) Done(path, key string) error {
	if c.Session != nil {
		c.Session.Said = key
		if err := c.Portal.Sessions.Save(c.R.Context(), c.Session); err != nil {
			return err
		}
	}
	return c.Go(path)
}

// Said is what was just done, empty when nothing was. It is said once.
func (c *Call) Said() string {
	if c.said == "" {
		return ""
	}
	return c.T(c.said)
}

// Stream answers with a part that is sent again whenever it changes.
func (c *Call) Stream(part func(ctx context.Context) (templ.Component, error)) error {
	rpc.StreamLive(c.W, c.R, func(ctx context.Context) (string, error) {
		if c.Session != nil {
			ctx = rpc.WithPrincipal(ctx, c.Session.Who)
		}
		one, err := part(ctx)
		if err != nil {
			return "", err
		}
		var body strings.Builder
		err = one.Render(ctx, &body)
		return body.String(), err
	})
	return nil
}

// File answers with a file to keep. Its name is ours.
func (c *Call) File(name, contentType string, content []byte) error {
	c.W.Header().Set("Content-Type", contentType)
	c.W.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	_, _ = c.W.Write(content)
	return nil
}

// Ends is when the reader is signed out if nothing more is done.
func (c *Call) Ends() time.Time {
	if c.Session == nil {
		return time.Time{}
	}
	return c.Session.Ends()
}

// Local is a path of this portal, whatever was asked for: another site's address
// becomes the first page.
func Local(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") ||
		strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

// signInFirst sends somebody who must sign in to where that is done, and back
// afterwards.
func (c *Call) signInFirst() error {
	at := c.Portal.signInPath()
	if c.R.Method != http.MethodGet || at == "" {
		return fault.New(fault.Denied, "page.signed-out", "sign in and do it again")
	}
	return c.Go(at + "?" + url.Values{"to": {c.R.URL.RequestURI()}}.Encode())
}
