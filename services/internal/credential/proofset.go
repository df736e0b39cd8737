package credential

import (
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// maxProofs bounds the proofs of one document.
const maxProofs = 8

// proofSet is every proof of a document (VC Data Integrity 1.0, sections 2.1.1
// and 2.1.2): a set of independent ones, or chains in which a proof builds on
// others.
type proofSet []*proof

// readProofs reads the proofs of a document that has contexts. All of them must be
// made for the purpose.
func readProofs(proofs, contexts strictjson.Value, purpose Purpose) (proofSet, error) {
	if !proofs.Exists() || proofs.Kind() == strictjson.Array && proofs.Len() == 0 || proofs.Len() > maxProofs && proofs.Kind() == strictjson.Array {
		return nil, invalid("proof-form", "a document has 1 to %d proofs", maxProofs)
	}
	var set proofSet
	for item := range proofs.Items() {
		p, err := readProof(item, purpose)
		if err != nil {
			return nil, err
		}
		if p.id != "" && set.byID(p.id) != nil {
			return nil, invalid("proof-form", "two proofs have one id")
		}
		if err := checkProofContext(contexts, p); err != nil {
			return nil, err
		}
		set = append(set, p)
	}
	return set, set.checkChains()
}

// checkProofContext wants the contexts that a jcs proof names to be those that
// the document begins with (VC-DI-EdDSA 1.0, section 3.3.2).
func checkProofContext(contexts strictjson.Value, p *proof) error {
	named := p.object.Get("@context")
	if !named.Exists() {
		return nil
	}
	place := 0
	for own := range named.Items() {
		of := contexts.Index(place)
		if !of.Exists() || of.Canonical() != own.Canonical() {
			place = 0
			break
		}
		place++
	}
	if place == 0 {
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
func (s proofSet) signedBy(p *proof, doc strictjson.Value) (strictjson.Value, error) {
	signed := doc.Without("proof")
	if len(p.previous) == 0 {
		return signed, nil
	}
	builtOn := make([]strictjson.Value, len(p.previous))
	for i, id := range p.previous {
		builtOn[i] = s.byID(id).object
	}
	return with(signed, "proof", builtOn)
}

// with is an object in which a member has another value.
func with(object strictjson.Value, name string, value any) (strictjson.Value, error) {
	members := Document{name: value}
	for other, member := range object.Members() {
		if other != name {
			members[other] = member
		}
	}
	return strictjson.Of(members)
}

// checkSignature verifies the signature of one of the proofs of a document.
func (s proofSet) checkSignature(p *proof, key did.PublicKey, doc strictjson.Value, terms Terms) error {
	signed, err := s.signedBy(p, doc)
	if err != nil {
		return err
	}
	return p.checkSignature(key, signed, terms)
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
func (s proofSet) checkTerms(terms Terms, doc strictjson.Value) error {
	onlyText := true
	for _, p := range s {
		if !suites[p.suite].jcs {
			onlyText = false
			continue
		}
		if contexts := p.object.Get("@context"); !contexts.Exists() || contexts.Canonical() == doc.Get("@context").Canonical() {
			continue
		}
		signed, err := s.signedBy(p, doc)
		if err != nil {
			return err
		}
		if signed, err = withContextsOf(p.object, signed); err != nil {
			return err
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
