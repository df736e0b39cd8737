// Package resolver finds DID documents and the keys in them: did:key, did:jwk
// and did:peer from the DID itself, did:web over HTTPS through the one outgoing
// client, remembered for a minute in the cache. The cache only answers sooner:
// what it lost is fetched again.
package resolver

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Getter fetches a document of at most limit bytes.
type Getter interface {
	Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
}

// remember is how long a did:web document is used without asking again: as
// long as a key that was cut off may still count.
const remember = time.Minute

// Resolver is safe for concurrent use.
type Resolver struct {
	Get   Getter
	Cache cache.Cache
	// Clock says what is now. Nil: the machine's clock.
	Clock clock.Clock

	read documents
}

// Resolve gives the document of a DID with the keys that may be used now: who
// encrypts to it or signs in at it never meets a key that was retired.
func (r *Resolver) Resolve(ctx context.Context, name string) (*did.Document, error) {
	return r.current(r.Published(ctx, name))
}

// Fresh is a resolver that does not answer from what is remembered.
func (r *Resolver) Fresh() did.Resolver { return fresh{r} }

type fresh struct{ *Resolver }

func (f fresh) Resolve(ctx context.Context, name string) (*did.Document, error) {
	if !strings.HasPrefix(name, webPrefix) {
		return f.Resolver.Resolve(ctx, name)
	}
	return f.current(f.fetch(ctx, name))
}

func (r *Resolver) current(doc *did.Document, err error) (*did.Document, error) {
	if err != nil {
		return nil, err
	}
	return doc.At(r.now()), nil
}

func (r *Resolver) now() time.Time {
	if r.Clock == nil {
		return clock.System{}.Now()
	}
	return r.Clock.Now()
}

const webPrefix = "did:web:"

// Published gives the document of a DID as it is published, with the keys that
// were retired or revoked, and their periods.
func (r *Resolver) Published(ctx context.Context, name string) (*did.Document, error) {
	if !strings.HasPrefix(name, webPrefix) {
		return did.Static{}.Resolve(ctx, name)
	}
	if _, err := did.WebURL(name); err != nil {
		return nil, err // nobody fills the cache with names that lead nowhere
	}
	if raw, found, err := r.Cache.Get(ctx, "did:"+name); err == nil && found {
		if doc, err := r.read.parse(name, raw); err == nil {
			return doc, nil
		}
	}
	return r.fetch(ctx, name)
}

// documents are those that the cache has given before, as they were read: reading
// one takes longer than anything else about it. Nobody changes a document.
type documents struct {
	mu   sync.Mutex          // guards what follows
	read map[string]document // by DID
	size int                 // of their texts, in bytes
}

type document struct {
	raw string
	doc *did.Document
}

// mostRead is how many bytes of documents are kept as they were read: a thousand of
// organisations with a few keys.
const mostRead = 4 << 20

func (d *documents) parse(name string, raw []byte) (*did.Document, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if one, ok := d.read[name]; ok && one.raw == string(raw) {
		return one.doc, nil
	}
	doc, err := did.ParseFor(name, raw)
	if err != nil {
		return nil, err
	}
	if d.read == nil || d.size+len(raw) > mostRead {
		d.read, d.size = map[string]document{}, 0
	}
	d.size += len(raw) - len(d.read[name].raw)
	d.read[strings.Clone(name)] = document{string(raw), doc} // name may lie in what names it
	return doc, nil
}

func (r *Resolver) fetch(ctx context.Context, name string) (*did.Document, error) {
	url, err := did.WebURL(name)
	if err != nil {
		return nil, err
	}
	raw, _, err := r.Get.Get(ctx, url, did.MaxDocument)
	if err != nil {
		return nil, err
	}
	doc, err := did.ParseFor(name, raw)
	if err != nil {
		return nil, err
	}
	if again, err := json.Marshal(doc); err == nil {
		_ = r.Cache.Set(ctx, "did:"+name, again, remember) // a cache that is down costs time, nothing else
	}
	return doc, nil
}

// VerificationKey finds a key under a purpose, to judge by it what is dated at
// an instant: rules "did.key-expired" and "did.key-revoked" are those of
// did.VerificationMethod.Check. The zero instant is now. A key that a
// remembered did:web document does not have is looked for in a fresh one: it
// may be new.
func (r *Resolver) VerificationKey(ctx context.Context, kid string, purpose credential.Purpose, at time.Time) (did.PublicKey, error) {
	name, _, err := did.Split(kid)
	if err != nil {
		return did.PublicKey{}, err
	}
	doc, err := r.Published(ctx, name)
	if err != nil {
		return did.PublicKey{}, err
	}
	method, ok := doc.Method(kid, did.Purpose(purpose))
	if !ok && strings.HasPrefix(name, webPrefix) {
		if doc, err = r.fetch(ctx, name); err != nil {
			return did.PublicKey{}, err
		}
		method, ok = doc.Method(kid, did.Purpose(purpose))
	}
	if !ok {
		return did.PublicKey{}, fault.New(fault.Denied, "did.key-not-for-purpose", "the DID document does not list this key for %s", purpose)
	}
	if method.Key.Curve().Algorithm() == "" {
		return did.PublicKey{}, fault.New(fault.Invalid, "did.key-type", "keys on this curve sign nothing here")
	}
	if at.IsZero() {
		at = r.now()
	}
	if err := method.Check(at); err != nil {
		return did.PublicKey{}, err
	}
	return method.Key, nil
}
