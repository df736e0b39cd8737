package jsonld

import (
	"crypto/sha256"
	_ "embed" // the context files
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// The URLs of the pinned contexts.
const (
	// CredentialsV2 is the context of VCDM 2.0, which also defines Data
	// Integrity proofs and Bitstring Status Lists.
	CredentialsV2 = "https://www.w3.org/ns/credentials/v2"
	// KompetansesporV1 defines our own credential types and claims.
	KompetansesporV1 = "https://schema.kompetansespor.example/contexts/v1"
)

// PinnedContext is a context file and the SHA-256 it must have.
type PinnedContext struct {
	URL    string
	SHA256 string
	Bytes  []byte
}

//go:embed contexts/credentials-v2.jsonld
var credentialsV2 []byte

//go:embed contexts/kompetansespor-v1.jsonld
var kompetansesporV1 []byte

// Contexts lists the pinned contexts. The hash of credentials/v2 is the one
// that VCDM 2.0, appendix B.1, publishes. A context in the table may use
// @version, @protected, @id, @type (an IRI, @id, @vocab or @json), @container
// (@set, @graph) and scoped @context; anything else stops New.
func Contexts() []PinnedContext {
	return []PinnedContext{
		{CredentialsV2, "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734", credentialsV2},
		{KompetansesporV1, "1c83fdaf1b3a988ff72ae520020e8fff7c51e453149d1181fa4eb3f3c429e8a8", kompetansesporV1},
	}
}

var pinned = sync.OnceValues(func() (*Processor, error) { return New(Contexts()) })

// New makes a processor for a table of contexts. It fails when a file has
// another hash than it is pinned to, or uses what this package does not
// support.
func New(contexts []PinnedContext) (*Processor, error) {
	p := &Processor{
		table:  map[string]*localContext{},
		roots:  map[string]*activeContext{},
		scoped: map[scopeKey]*activeContext{},
	}
	for _, c := range contexts {
		sum := sha256.Sum256(c.Bytes)
		if hex.EncodeToString(sum[:]) != c.SHA256 {
			return nil, fmt.Errorf("load context %s: its SHA-256 is not the pinned one", c.URL)
		}
		file, err := strictjson.DecodeObject(c.Bytes, strictjson.Limits{})
		if err != nil {
			return nil, fmt.Errorf("load context %s: %w", c.URL, err)
		}
		if p.table[c.URL], err = compile(file["@context"]); err != nil {
			return nil, fmt.Errorf("load context %s: %w", c.URL, err)
		}
	}
	return p, nil
}
