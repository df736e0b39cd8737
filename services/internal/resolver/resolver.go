// Package resolver finds DID documents and the keys in them: did:key and
// did:peer from the DID itself, did:web over HTTPS through the one outgoing
// client, remembered for a few minutes in the cache. The cache only answers
// sooner: what it lost is fetched again.
package resolver

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Getter fetches a document of at most limit bytes.
type Getter interface {
	Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
}

// maxDocument is the largest DID document that is read, in bytes.
const maxDocument = 64 << 10

// remember is how long a did:web document is used without asking again: as
// long as a key that was cut off may still count.
const remember = time.Minute

// Resolver is safe for concurrent use.
type Resolver struct {
	Get   Getter
	Cache cache.Cache
}

// Resolve gives the document of a DID.
func (r *Resolver) Resolve(ctx context.Context, name string) (*did.Document, error) {
	if !strings.HasPrefix(name, "did:web:") {
		return did.Static{}.Resolve(ctx, name)
	}
	if raw, found, err := r.Cache.Get(ctx, "did:"+name); err == nil && found {
		if doc, err := did.ParseFor(name, raw); err == nil {
			return doc, nil
		}
	}
	return r.fetch(ctx, name)
}

// Fresh is a resolver that does not answer from what is remembered.
func (r *Resolver) Fresh() did.Resolver { return fresh{r} }

type fresh struct{ *Resolver }

func (f fresh) Resolve(ctx context.Context, name string) (*did.Document, error) {
	if !strings.HasPrefix(name, "did:web:") {
		return did.Static{}.Resolve(ctx, name)
	}
	return f.fetch(ctx, name)
}

func (r *Resolver) fetch(ctx context.Context, name string) (*did.Document, error) {
	url, err := did.WebURL(name)
	if err != nil {
		return nil, err
	}
	raw, _, err := r.Get.Get(ctx, url, maxDocument)
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

// VerificationKey finds an Ed25519 key under a purpose. A key that a
// remembered did:web document does not have is looked for in a fresh one: it
// may be new.
func (r *Resolver) VerificationKey(ctx context.Context, kid string, purpose credential.Purpose, _ time.Time) (ed25519.PublicKey, error) {
	name, _, err := did.Split(kid)
	if err != nil {
		return nil, err
	}
	doc, err := r.Resolve(ctx, name)
	if err != nil {
		return nil, err
	}
	key, ok := doc.Key(kid, did.Purpose(purpose))
	if !ok && strings.HasPrefix(name, "did:web:") {
		if doc, err = r.fetch(ctx, name); err != nil {
			return nil, err
		}
		key, ok = doc.Key(kid, did.Purpose(purpose))
	}
	if !ok {
		return nil, fault.New(fault.Denied, "did.key-not-for-purpose", "the DID document does not list this key for %s", purpose)
	}
	public, ok := key.Ed25519()
	if !ok {
		return nil, fault.New(fault.Invalid, "did.key-type", "the key is not an Ed25519 key")
	}
	return public, nil
}
