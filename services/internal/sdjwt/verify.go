package sdjwt

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// Examination is how each check of a token ended: nil when it passed.
type Examination struct {
	// Signature: the issuer's key has signed.
	Signature error
	// Disclosures: each belongs to one digest, none is too much.
	Disclosures error
	// Binding: a presentation is the holder's, for this verifier and now; what
	// is no presentation carries no key binding.
	Binding error
}

// Err is the first check that failed, nil when all passed.
func (e Examination) Err() error {
	for _, err := range []error{e.Signature, e.Disclosures, e.Binding} {
		if err != nil {
			return err
		}
	}
	return nil
}

// Verify checks a credential as its holder gets it (RFC 9901 section 7.1).
// The key is that of KeyID in the issuer's DID document. A token with a key
// binding JWT is refused. Dates and status are the caller's to check.
func (t *Token) Verify(key did.PublicKey) (*Credential, error) {
	c, examination := t.Examine(key, nil)
	return c, examination.Err()
}

// VerifyPresentation checks a presentation (RFC 9901 section 7.3), in which key
// binding is required.
func (t *Token) VerifyPresentation(key did.PublicKey, binding Binding) (*Credential, error) {
	c, examination := t.Examine(key, &binding)
	return c, examination.Err()
}

// Examine makes every check of Verify, or of VerifyPresentation when a binding
// is given. The credential is nil unless all passed.
func (t *Token) Examine(key did.PublicKey, binding *Binding) (*Credential, Examination) {
	var e Examination
	var c *Credential
	e.Signature = t.jwt.verify(key)
	c, e.Disclosures = t.open()
	if binding != nil {
		e.Binding = binding.check(t)
	} else if t.Bound() {
		e.Binding = bindingKind.invalid("unexpected", "a credential carries a key binding, as a presentation does")
	}
	if e.Err() != nil {
		return nil, e
	}
	return c, e
}

// open puts the disclosures in their places. It verifies no signature.
func (t *Token) open() (*Credential, error) {
	claims, err := process(t.jwt.payload, t.disclosures, nil)
	if err != nil {
		return nil, err
	}
	c := &Credential{Registered: t.Registered, Claims: claims.tree, Raw: t.Raw()}
	if subject, has := c.Claims["sub"]; has {
		c.Subject, _ = subject.(string)
		if err := checkText("sub", c.Subject); err != nil {
			return nil, err
		}
	}
	if _, has := c.Claims["aud"]; has {
		return nil, invalid("audience", "the credential is meant for somebody, which cannot be checked")
	}
	delete(c.Claims, "sub")
	for name := range neverDisclosed {
		delete(c.Claims, name)
	}
	for _, at := range claims.places {
		c.Disclosed = append(c.Disclosed, at.path.String())
	}
	slices.Sort(c.Disclosed)
	return c, nil
}
