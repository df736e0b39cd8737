package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// policy is the content security policy of every page: nothing inline, nothing
// from elsewhere. Level 3, W3C.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// tokenField is the field of a form that says that it is ours.
const tokenField = "form_token"

// guard is what surrounds a page: headers, language, session, who may open it,
// and that a form came from a page of ours.
func (p *Portal) guard(one Page) http.Handler {
	crossing := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
		c := &Call{Portal: p, W: w, R: r, Lang: p.langOf(r, one)}
		if err := c.run(one, crossing); err != nil {
			c.fail(err)
		}
	})
}

func (c *Call) run(one Page, crossing *http.CrossOriginProtection) error {
	if err := crossing.Check(c.R); err != nil {
		return fault.Wrap(err, fault.Denied, "page.cross-site", "this form was sent from another site")
	}
	if err := c.findSession(); err != nil {
		return err
	}
	if one.Roles != nil {
		if c.Session == nil {
			return c.signInFirst()
		}
		if !slices.Contains(one.Roles, c.Session.Who.Role) {
			return fault.New(fault.Denied, "page.role", "this page is not for your role")
		}
	}
	if c.R.Method == http.MethodPost {
		if err := c.R.ParseMultipartForm(rpc.MaxRequest); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			return fault.Wrap(err, fault.Invalid, "page.form", "the form could not be read")
		}
		if c.Session != nil && !c.genuine(c.R.PostFormValue(tokenField)) {
			return fault.New(fault.Denied, "page.form-token", "this form is not from your session")
		}
	}
	if c.Session != nil && c.Session.Said != "" && c.R.Method == http.MethodGet && !one.Live {
		c.said, c.Session.Said = c.Session.Said, ""
		if err := c.Portal.Sessions.Save(c.R.Context(), c.Session); err != nil {
			return err
		}
	}
	return one.Do(c)
}

func (c *Call) findSession() (err error) {
	if c.Portal.Sessions != nil {
		c.Session, err = c.Portal.Sessions.Find(c.R.Context(), c.W, c.R)
	}
	return err
}

// Token is what a form of this session carries: fresh bytes, and the session's
// secret's word for them, so that no two are the same in a compressed page.
func (c *Call) Token() string {
	if c.Session == nil || c.token != "" {
		return c.token
	}
	fresh := make([]byte, 16)
	if _, err := io.ReadFull(c.Portal.Random, fresh); err != nil {
		return ""
	}
	c.token = base64.RawURLEncoding.EncodeToString(append(fresh, c.word(fresh)...))
	return c.token
}

func (c *Call) genuine(token string) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	return err == nil && len(raw) == 16+sha256.Size && hmac.Equal(raw[16:], c.word(raw[:16]))
}

func (c *Call) word(fresh []byte) []byte {
	mac := hmac.New(sha256.New, c.Session.Secret)
	_, _ = mac.Write(fresh) // never fails
	return mac.Sum(nil)
}

// fail shows an error as a page, in sentences that say what to do next.
func (c *Call) fail(err error) {
	f := fault.From(err)
	if f.Kind == fault.Internal {
		telemetry.Log(c.R.Context()).ErrorContext(c.R.Context(), "page failed", "err", err)
	}
	rpc.NoteRule(c.W, f.Rule)
	if shown := c.ShowWith(statuses[f.Kind], failure(c, c.failedBy(f))); shown != nil {
		http.Error(c.W, c.T("fault.internal"), http.StatusInternalServerError)
	}
}

var statuses = map[fault.Kind]int{
	fault.Internal:    http.StatusInternalServerError,
	fault.Invalid:     http.StatusUnprocessableEntity,
	fault.Denied:      http.StatusForbidden,
	fault.NotFound:    http.StatusNotFound,
	fault.Conflict:    http.StatusConflict,
	fault.Throttled:   http.StatusTooManyRequests,
	fault.Unavailable: http.StatusServiceUnavailable,
}
