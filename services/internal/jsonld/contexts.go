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
	// CredentialsV1 is the context of VCDM 1.1.
	CredentialsV1 = "https://www.w3.org/2018/credentials/v1"
	// DataIntegrityV1 and DataIntegrityV2 define Data Integrity proofs for
	// documents whose own context does not.
	DataIntegrityV1 = "https://w3id.org/security/data-integrity/v1"
	DataIntegrityV2 = "https://w3id.org/security/data-integrity/v2"
	// MultikeyV1 defines verification methods of the type Multikey.
	MultikeyV1 = "https://w3id.org/security/multikey/v1"
	// ExamplesV2 and ExamplesV1 define the types and claims that the examples
	// of VCDM 2.0 and 1.1 use. The first takes any term.
	ExamplesV2 = "https://www.w3.org/ns/credentials/examples/v2"
	ExamplesV1 = "https://www.w3.org/2018/credentials/examples/v1"
	// odrl is a context that ExamplesV1 names.
	odrl = "https://www.w3.org/ns/odrl.jsonld"
)

// PinnedContext is a context file and the SHA-256 it must have. A context may
// use @version, @protected, @id, @type (an IRI, @id, @vocab or @json),
// @container (@set, @graph), scoped @context, prefixes, and other contexts
// that stand before it in the table; anything else stops New.
type PinnedContext struct {
	URL    string
	SHA256 string
	Bytes  []byte
	// AnyTerm allows the context to set @vocab, which gives a meaning to every
	// term that no context defines.
	AnyTerm bool
}

//go:embed contexts/credentials-v2.jsonld
var credentialsV2 []byte

//go:embed contexts/kompetansespor-v1.jsonld
var kompetansesporV1 []byte

//go:embed contexts/credentials-v1.jsonld
var credentialsV1 []byte

//go:embed contexts/data-integrity-v1.jsonld
var dataIntegrityV1 []byte

//go:embed contexts/data-integrity-v2.jsonld
var dataIntegrityV2 []byte

//go:embed contexts/multikey-v1.jsonld
var multikeyV1 []byte

//go:embed contexts/examples-v2.jsonld
var examplesV2 []byte

//go:embed contexts/examples-v1.jsonld
var examplesV1 []byte

//go:embed contexts/odrl.jsonld
var odrlContext []byte

// Contexts lists the contexts of production. Every term in them is defined:
// none sets @vocab. The hashes are those that VCDM 2.0 and 1.1 (appendix B.1)
// and VC Data Integrity 1.0 (section 2.4) publish, but for data-integrity/v1,
// which preceded the Recommendation, and our own.
func Contexts() []PinnedContext {
	return []PinnedContext{
		{URL: CredentialsV2, SHA256: "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734", Bytes: credentialsV2},
		{URL: KompetansesporV1, SHA256: "a117b2eecea6b4e7658a5ea61d874b365b24e7036801f8f8c1efb9c244ca9f6c", Bytes: kompetansesporV1},
		{URL: CredentialsV1, SHA256: "ab4ddd9a531758807a79a5b450510d61ae8d147eab966cc9a200c07095b0cdcc", Bytes: credentialsV1},
		{URL: DataIntegrityV1, SHA256: "b5d829bd09aa7c42abc6efa0c8ed7635313b5487f37ccfce3ecd149ca9418554", Bytes: dataIntegrityV1},
		{URL: DataIntegrityV2, SHA256: "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4", Bytes: dataIntegrityV2},
		{URL: MultikeyV1, SHA256: "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597", Bytes: multikeyV1},
	}
}

// ExampleContexts lists the contexts of the specifications' examples, which
// only development accepts. No hash is published for them; examples/v1 and
// the ODRL context it names are as Digital Bazaar packages them (version
// 1.0.0 of each).
func ExampleContexts() []PinnedContext {
	return []PinnedContext{
		{URL: ExamplesV2, SHA256: "57393fbc69d6efb9b9b5dc9cb6b9880b0944360abfe2eaf459c9e58cf2279d7c", Bytes: examplesV2, AnyTerm: true},
		{URL: odrl, SHA256: "a83cb98005bce546531131d4042318d8267aff71b1451f53cc926587fcef42c6", Bytes: odrlContext},
		{URL: ExamplesV1, SHA256: "73bebae22e70ebb4466ac2e1f3e3b35c43436217623b51ff3e1b567e1aff4ba2", Bytes: examplesV1},
	}
}

var (
	production  = sync.OnceValues(func() (*Processor, error) { return New(Contexts()) })
	development = sync.OnceValues(func() (*Processor, error) { return New(append(Contexts(), ExampleContexts()...)) })
)

// Production gives the processor for Contexts. It fails only when this package
// is broken.
func Production() (*Processor, error) { return production() }

// Development gives the processor for Contexts and ExampleContexts. A document
// that names ExamplesV2 may use any term, so nothing that must hold may rest
// on it: choose it where the configuration says development, and nowhere else.
func Development() (*Processor, error) { return development() }

// New makes a processor for a table of contexts. It fails when a file has
// another hash than it is pinned to, or uses what this package does not
// support.
func New(contexts []PinnedContext) (*Processor, error) {
	p := &Processor{
		table:   map[string][]*localContext{},
		empty:   &activeContext{},
		entered: map[entry]*activeContext{},
	}
	for _, c := range contexts {
		if err := p.load(c); err != nil {
			return nil, fmt.Errorf("load context %s: %w", c.URL, err)
		}
	}
	return p, nil
}

func (p *Processor) load(c PinnedContext) error {
	sum := sha256.Sum256(c.Bytes)
	if hex.EncodeToString(sum[:]) != c.SHA256 {
		return fmt.Errorf("its SHA-256 is not the pinned one")
	}
	file, err := strictjson.DecodeObject(c.Bytes, strictjson.Limits{})
	if err != nil {
		return err
	}
	parts, isList := file["@context"].([]any)
	if !isList {
		parts = []any{file["@context"]}
	}
	active := p.empty
	for _, part := range parts {
		var locals []*localContext
		if url, ok := part.(string); ok {
			locals = p.table[url]
		} else if local, err := compile(part, c.AnyTerm); err == nil {
			locals = []*localContext{local}
		} else {
			return err
		}
		if len(locals) == 0 {
			return refuse("context", "it names a context that does not stand before it")
		}
		for _, local := range locals {
			if active, err = active.enter(local, inDocument); err != nil {
				return err
			}
			if err := active.check(local); err != nil {
				return err
			}
		}
		p.table[c.URL] = append(p.table[c.URL], locals...)
	}
	return nil
}
