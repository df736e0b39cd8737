package credential

import (
	"maps"
	"reflect"
	"slices"
	"time"
)

// maxProofs bounds the proofs of one document.
const maxProofs = 8

// proofSet is every proof of a document (VC Data Integrity 1.0, sections 2.1.1
// and 2.1.2): a set of independent ones, or chains in which a proof builds on
// others.
type proofSet []*proof

// readProofs reads the proofs of a document. All of them must be made for the
// purpose.
func readProofs(doc Document, purpose Purpose) (proofSet, error) {
	items, isArray := doc["proof"].([]any)
	if !isArray {
		items = []any{doc["proof"]}
	}
	if len(items) == 0 || len(items) > maxProofs {
		return nil, invalid("proof-form", "a document has 1 to %d proofs", maxProofs)
	}
	var set proofSet
	for _, item := range items {
		p, err := readProof(item, purpose)
		if err != nil {
			return nil, err
		}
		if p.id != "" && set.byID(p.id) != nil {
			return nil, invalid("proof-form", "two proofs have one id")
		}
		if err := checkProofContext(doc, p); err != nil {
			return nil, err
		}
		set = append(set, p)
	}
	return set, set.checkChains()
}

// checkProofContext wants the contexts that a jcs proof names to be those that
// the document begins with (VC-DI-EdDSA 1.0, section 3.3.2).
func checkProofContext(doc Document, p *proof) error {
	named, has := p.object["@context"]
	if !has {
		return nil
	}
	own, isList := named.([]any)
	contexts, _ := doc["@context"].([]any)
	if !isList {
		own = []any{named}
	}
	if len(own) == 0 || len(own) > len(contexts) || !reflect.DeepEqual(own, contexts[:len(own)]) {
		return invalid("proof-context", "the contexts of the proof are not those that the document begins with")
	}
	return nil
}

func (s proofSet) byID(id string) *proof {
	for _, p := range s {
		if p.id == id {
			return p
		}
	}
	return nil
}

// checkChains wants every previousProof to name a proof of the document, and no
// proof to build on itself.
func (s proofSet) checkChains() error {
	for _, p := range s {
		for _, id := range p.previous {
			if id == "" || s.byID(id) == nil {
				return invalid("previous-proof", "a proof builds on one that is not there")
			}
		}
	}
	// founded are the ids of proofs that build on nothing, or on founded ones.
	// Each round finds at least one more, unless the rest build on each other.
	founded, unfounded := map[string]bool{}, slices.Clone(s)
	for len(unfounded) > 0 {
		before := len(unfounded)
		unfounded = slices.DeleteFunc(unfounded, func(p *proof) bool {
			found := !slices.ContainsFunc(p.previous, func(id string) bool { return !founded[id] })
			founded[p.id] = founded[p.id] || found
			return found
		})
		if len(unfounded) == before {
			return invalid("previous-proof", "a proof builds on itself")
		}
	}
	return nil
}

// signedBy is the document as a proof signed it: without proofs but those that
// it builds on (VC Data Integrity 1.0, section 4.5, step 4).
func (s proofSet) signedBy(p *proof, doc Document) Document {
	signed := maps.Clone(doc)
	delete(signed, "proof")
	if len(p.previous) > 0 {
		var builtOn []any
		for _, id := range p.previous {
			builtOn = append(builtOn, s.byID(id).object)
		}
		signed["proof"] = builtOn
	}
	return signed
}

// by gives the first proof whose key belongs to the DID.
func (s proofSet) by(did string) (*proof, error) {
	for _, p := range s {
		if p.controller() == did {
			return p, nil
		}
	}
	return nil, invalid("signer", "the key does not belong to the signer named in the document")
}

func (s proofSet) checkDates(now time.Time) error {
	for _, p := range s {
		if err := p.checkDates(now); err != nil {
			return err
		}
	}
	return nil
}

// checkTerms wants every term of a document to be defined by a known context. A
// canonical form sees to that itself; a jcs signature holds over text that
// nobody has looked up. What a jcs proof signed must mean something by the
// contexts that the proof names: its holder may have added others since.
func (s proofSet) checkTerms(terms Terms, doc Document) error {
	onlyText := true
	for _, p := range s {
		if !suites[p.suite].jcs {
			onlyText = false
			continue
		}
		signed := withContextsOf(p.object, s.signedBy(p, doc))
		if reflect.DeepEqual(signed["@context"], doc["@context"]) {
			continue
		}
		if err := terms.Check(signed); err != nil {
			return err
		}
	}
	if !onlyText {
		return nil
	}
	return terms.Check(doc)
}
