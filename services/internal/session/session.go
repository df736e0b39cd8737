// Package session remembers who is signed in, in the cache: a browser holds a
// random id in a cookie, the cache holds the rest under the id's hash. Nothing is
// kept elsewhere, so that a cache that loses its entries signs everybody out: it
// fails closed.
package session

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/rpc"
)

const (
	// Idle is how long a session may do nothing.
	Idle = 30 * time.Minute
	// Longest is how long a session may last in all: a working day.
	Longest = 10 * time.Hour
	// rotateAfter is how long an id serves. The one before it is let in for
	// overlap more, for requests that are under way.
	rotateAfter = 15 * time.Minute
	overlap     = 30 * time.Second
)

// Cookies. The prefix has a browser refuse them for another host or path, or
// without TLS (RFC 6265bis, section 4.1.3.2).
const (
	cookie     = "__Host-session"
	keptPrefix = "__Host-kept-"
)

// Session is one person's, in one browser.
type Session struct {
	// Who is the person to the service's calls. Name is shown to the person, and
	// For, whom the person acts for: empty where the role says it.
	Who  rpc.Principal `json:"who"`
	Name string        `json:"name"`
	For  string        `json:"for,omitempty"`
	// Choices are whom else the person may act for.
	Choices []Choice `json:"choices,omitempty"`
	// Secret is what the tokens of forms are made of.
	Secret []byte `json:"secret"`
	// Said is shown once, on the next page: the key of a text.
	Said string `json:"said,omitempty"`
	// Notes are a page's own, small and short-lived.
	Notes map[string]string `json:"notes,omitempty"`

	// Since names the person's last sign-out before the session began.
	Since   string    `json:"since,omitempty"`
	Began   time.Time `json:"began"`
	Seen    time.Time `json:"seen"`
	Rotated time.Time `json:"rotated"`

	id string
}

// Choice is whom a person may act for, by name; without one the role says it.
type Choice struct {
	Who   rpc.Principal `json:"who"`
	Label string        `json:"label,omitempty"`
}

// Ends is when the session ends if nothing more is done.
func (s *Session) Ends() time.Time {
	idle, last := s.Seen.Add(Idle), s.Began.Add(Longest)
	if idle.Before(last) {
		return idle
	}
	return last
}

// Sessions are those of one service.
type Sessions struct {
	Cache  cache.Cache
	Clock  clock.Clock
	Random io.Reader
}

// Start begins a session with a fresh id, whatever the browser held before.
func (s *Sessions) Start(ctx context.Context, w http.ResponseWriter, one Session) (*Session, error) {
	now := s.Clock.Now()
	one.Began, one.Seen, one.Rotated = now, now, now
	var err error
	if one.Since, err = s.lastSignOut(ctx, one.Who); err != nil {
		return nil, err
	}
	one.Secret = make([]byte, 32)
	if _, err := io.ReadFull(s.Random, one.Secret); err != nil {
		return nil, fmt.Errorf("begin session: %w", err)
	}
	if err := s.renew(ctx, w, &one); err != nil {
		return nil, err
	}
	return &one, nil
}

// Find is the session of a request, or nil when there is none: never begun, idle
// for too long, ended, or lost. Finding it keeps it alive.
func (s *Sessions) Find(ctx context.Context, w http.ResponseWriter, r *http.Request) (*Session, error) {
	sent, err := r.Cookie(cookie)
	if err != nil || sent.Value == "" || len(sent.Value) > 128 {
		return nil, nil
	}
	one, err := s.load(ctx, sent.Value)
	if err != nil || one == nil {
		return nil, err
	}
	now := s.Clock.Now()
	if !now.Before(one.Ends()) {
		return nil, s.Cache.Delete(ctx, key(one.id))
	}
	since, err := s.lastSignOut(ctx, one.Who)
	if err != nil {
		return nil, err
	}
	if since != "" && since != one.Since {
		return nil, s.Cache.Delete(ctx, key(one.id))
	}
	one.Seen = now
	if now.Sub(one.Rotated) < rotateAfter {
		return one, s.Save(ctx, one)
	}
	old := *one
	one.Rotated = now
	if err := s.renew(ctx, w, one); err != nil {
		return nil, err
	}
	old.Rotated = now // who comes with the old id gets no third one
	return one, s.store(ctx, &old, overlap)
}

// Save keeps what was changed.
func (s *Sessions) Save(ctx context.Context, one *Session) error {
	return s.store(ctx, one, Idle)
}

// EndEverywhere ends every session of a person, here and in other browsers.
func (s *Sessions) EndEverywhere(ctx context.Context, w http.ResponseWriter, one *Session) error {
	forget(w, cookie)
	signOut, err := s.newID()
	if err != nil {
		return err
	}
	return errors.Join(s.Cache.Set(ctx, endedKey(one.Who), []byte(signOut), Longest), s.Cache.Delete(ctx, key(one.id)))
}

// lastSignOut names a person's last sign-out; empty when it is so long ago that no
// session is older.
func (s *Sessions) lastSignOut(ctx context.Context, who rpc.Principal) (string, error) {
	raw, _, err := s.Cache.Get(ctx, endedKey(who))
	return string(raw), err
}

// renew gives a session a fresh id and tells the browser.
func (s *Sessions) renew(ctx context.Context, w http.ResponseWriter, one *Session) (err error) {
	if one.id, err = s.newID(); err != nil {
		return err
	}
	one.Who.TokenHash = rpc.HashToken(one.id)
	if err := s.store(ctx, one, Idle); err != nil {
		return err
	}
	set(w, cookie, one.id, 0)
	return nil
}

func (s *Sessions) load(ctx context.Context, id string) (*Session, error) {
	raw, found, err := s.Cache.Get(ctx, key(id))
	if err != nil || !found {
		return nil, err
	}
	one := &Session{id: id}
	if err := json.Unmarshal(raw, one); err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	return one, nil
}

func (s *Sessions) store(ctx context.Context, one *Session, ttl time.Duration) error {
	raw, err := json.Marshal(one)
	if err != nil {
		return err
	}
	return s.Cache.Set(ctx, key(one.id), raw, ttl)
}

// Keep remembers a value for the browser alone, for a while and before anybody is
// signed in. Another value of the same name is forgotten.
func (s *Sessions) Keep(ctx context.Context, w http.ResponseWriter, name string, value any, ttl time.Duration) error {
	id, err := s.newID()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := s.Cache.Set(ctx, keptKey(name, id), raw, ttl); err != nil {
		return err
	}
	set(w, keptPrefix+name, id, ttl)
	return nil
}

// Take gives a kept value back, once. Denied, rule session.lost, when there is
// none: too old, taken already, or lost by the cache.
func (s *Sessions) Take(ctx context.Context, w http.ResponseWriter, r *http.Request, name string, into any) error {
	lost := fault.New(fault.Denied, "session.lost", "what you had begun is not known any more: begin again")
	sent, err := r.Cookie(keptPrefix + name)
	if err != nil || sent.Value == "" || len(sent.Value) > 128 {
		return lost
	}
	forget(w, keptPrefix+name)
	at := keptKey(name, sent.Value)
	raw, found, err := s.Cache.Get(ctx, at)
	if err != nil {
		return err
	}
	if !found {
		return lost
	}
	// Of two at the same moment one comes first.
	if nth, err := s.Cache.Increment(ctx, "taken:"+at, Idle); err != nil || nth != 1 {
		return errors.Join(lost, err)
	}
	if err := s.Cache.Delete(ctx, at); err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (s *Sessions) newID() (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(s.Random, raw); err != nil {
		return "", fmt.Errorf("make session id: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func key(id string) string { return "session:" + rpc.HashToken(id) }

func keptKey(name, id string) string { return "kept:" + name + ":" + rpc.HashToken(id) }

func endedKey(who rpc.Principal) string {
	sum := sha256.Sum256([]byte(string(who.Role) + "\x00" + who.Subject))
	return "signed-out:" + hex.EncodeToString(sum[:])
}

// set sends a cookie. Lax, since a person comes back from the provider by a link.
func set(w http.ResponseWriter, name, value string, ttl time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(ttl.Seconds()), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func forget(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}
