package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// handover is how long a key may still sign when the next has taken over:
// whoever asked which key to sign with a moment before still signs with it.
const handover = time.Minute

// reserved is how many keys a full document still has room for when one is
// compromised: cutting off is never refused for want of room.
const reserved = 8

// MaxOverlap is the longest overlap of a rotation.
const MaxOverlap = 90 * 24 * time.Hour

// Rotate gives an organisation of ours the next key of a kind and retires those
// it had. kid is the new key's id.
//
// The new key is in the DID document at once. A kind that signs begins to sign
// when overlap has passed, so that everybody who remembers documents for no
// longer than that knows it by then; until then, and a minute of handover, the
// old one signs. A kind that agrees is listed first at once; the old one opens
// envelopes until overlap and handover have passed, and is listed until then.
//
// Conflict with rule "key.document-full" when the document has no room for more
// keys: they are never taken out.
//
// A key that signed stays in the document with the date at which it retired:
// what it signed before verifies ever after.
func (b *Book) Rotate(ctx context.Context, organisation string, kind keystore.Kind, overlap time.Duration) (kid string, err error) {
	if overlap < 0 || overlap > MaxOverlap {
		return "", fault.New(fault.Invalid, "key.overlap", "an overlap is 0 to %d hours", int(MaxOverlap.Hours()))
	}
	err = b.change(ctx, organisation, kind, func(c *change) error {
		kid, err = c.succeed(kind, overlap)
		return err
	})
	return kid, err
}

// EnsureAssertionKey gives an organisation of ours a key of a kind that signs,
// unless it has one: an issuer may sign on several curves.
func (b *Book) EnsureAssertionKey(ctx context.Context, organisation string, kind keystore.Kind) error {
	if organisationKinds[kind].purpose != did.AssertionMethod {
		return badKind()
	}
	return b.change(ctx, organisation, kind, func(c *change) error {
		if c.has(kind, c.now.Add(MaxOverlap)) {
			return nil
		}
		_, err := c.succeed(kind, 0)
		return err
	})
}

// Compromised cuts a key of ours off: nothing that is dated since or later
// counts, and the key is used no more. since is the earliest instant at which
// another may have had it, not when that was noticed: see
// did.VerificationMethod.Check for what a date protects and what it does not.
// Where no other key of the kind is in use to stay, another takes over at once;
// next is its id, or empty.
//
// A key may be cut off again at an earlier date, never at a later one: Conflict
// with rule "key.revoked-earlier".
func (b *Book) Compromised(ctx context.Context, kid string, since time.Time, reason string) (next string, err error) {
	organisation, _, err := did.Split(kid)
	if err != nil {
		return "", err
	}
	key, ok, err := b.organisationKey(ctx, kid)
	if err != nil {
		return "", err
	}
	now := b.clock.Now()
	switch {
	case !ok:
		return "", notOurs()
	case since.IsZero() || since.After(now):
		return "", fault.New(fault.Invalid, "key.compromised-since", "a key is cut off from an instant that has passed")
	case reason == "" || len(reason) > maxReason:
		return "", fault.New(fault.Invalid, "key.reason", "a reason is 1 to %d bytes", maxReason)
	}
	err = b.change(ctx, organisation, key.Kind, func(c *change) error {
		if err := c.revoke(kid, since.Truncate(time.Second), reason); err != nil {
			return err
		}
		if err := c.reload(); err != nil || c.has(key.Kind, c.now) {
			return err
		}
		c.room = did.MaxMethods
		next, err = c.succeed(key.Kind, 0)
		return err
	})
	return next, err
}

// maxReason is the longest reason, in bytes.
const maxReason = 500

func badKind() error {
	return fault.New(fault.Invalid, "key.kind", "a kind of key that an organisation does not have for this")
}

// change is one change of an organisation's keys, in its transaction.
type change struct {
	ctx          context.Context
	tx           *sqldb.Tx
	organisation string
	now          time.Time
	keys         []OrganisationKey
	draft        *keystore.Draft
	room         int // how many keys the document may hold
}

// change runs f over an organisation's keys in one transaction.
func (b *Book) change(ctx context.Context, organisation string, kind keystore.Kind, f func(*change) error) error {
	if _, ok := organisationKinds[kind]; !ok {
		return badKind()
	}
	draft := b.keys.Draft()
	defer draft.Close()
	return b.db.Tx(ctx, func(tx *sqldb.Tx) error {
		c := &change{
			ctx: ctx, tx: tx, organisation: organisation, now: b.clock.Now(), draft: draft, room: did.MaxMethods - reserved,
		}
		if err := c.reload(); err != nil {
			return err
		}
		if len(c.keys) == 0 {
			return fault.New(fault.NotFound, "did.not-ours", "no such DID here")
		}
		tx.OnCommit(func() { b.forget(organisation) })
		return f(c)
	})
}

func (c *change) reload() (err error) {
	c.keys, err = organisationKeys(c.ctx, c.tx, c.organisation)
	return err
}

// revoke cuts a key off.
func (c *change) revoke(kid string, since time.Time, reason string) error {
	for _, k := range c.keys {
		if k.ID != kid {
			continue
		}
		if !k.Revoked.IsZero() && since.After(k.Revoked) {
			return fault.New(fault.Conflict, "key.revoked-earlier", "the key is cut off from an earlier instant already")
		}
		k.Revoked, k.Reason = since, reason
		return updateOrganisationKey(c.ctx, c.tx, k)
	}
	return notOurs()
}

// has reports whether a key of the kind serves, from an instant at the latest,
// and is not about to retire.
func (c *change) has(kind keystore.Kind, from time.Time) bool {
	return slices.ContainsFunc(c.keys, func(k OrganisationKey) bool {
		return k.Kind == kind && k.Revoked.IsZero() && k.ValidUntil.IsZero() && !k.ValidFrom.After(from)
	})
}

// succeed makes the next key of the kind and retires the others.
func (c *change) succeed(kind keystore.Kind, overlap time.Duration) (string, error) {
	purpose := organisationKinds[kind].purpose
	// Whole seconds: that is how proofs are dated.
	turn := c.now.Add(overlap).Truncate(time.Second)
	until := turn.Add(handover)
	from := turn
	if purpose == did.KeyAgreement {
		from = c.now
	}
	next := newOrganisationKey(c.organisation, kind, 1, from)
	for _, k := range c.keys {
		if k.Purpose == purpose && k.number >= next.number {
			next = newOrganisationKey(c.organisation, kind, k.number+1, from)
		}
		if k.Kind != kind || !k.ValidUntil.IsZero() && !k.ValidUntil.After(until) {
			continue
		}
		k.ValidUntil = until
		if err := updateOrganisationKey(c.ctx, c.tx, k); err != nil {
			return "", err
		}
	}
	stored, public, err := c.draft.Create(kind)
	if err != nil {
		return "", fmt.Errorf("make organisation's key: %w", err)
	}
	if err := c.draft.Save(c.ctx, txRows{c.tx}); err != nil {
		return "", err
	}
	if err := insertKey(c.ctx, c.tx, next.ID, c.organisation, stored); err != nil {
		return "", err
	}
	if err := insertOrganisationKey(c.ctx, c.tx, next); err != nil {
		return "", err
	}
	return next.ID, c.store(next.method(public))
}

// store adds a key to the stored document, and leaves out those that agreed
// and do so no more: nobody asks for them again.
func (c *change) store(method did.VerificationMethod) error {
	doc, err := storedDocument(c.ctx, c.tx, c.organisation)
	if err != nil {
		return err
	}
	doc.VerificationMethod = slices.DeleteFunc(doc.VerificationMethod, func(m did.VerificationMethod) bool {
		return slices.ContainsFunc(c.keys, func(k OrganisationKey) bool {
			return k.ID == m.ID && k.Purpose == did.KeyAgreement && k.check(c.now) != nil
		})
	})
	doc.VerificationMethod = append(doc.VerificationMethod, method)
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("write DID document: %w", err)
	}
	if _, err := c.tx.ExecContext(c.ctx, `UPDATE identity SET document = $2 WHERE did = $1`, c.organisation, text); err != nil {
		return fmt.Errorf("save DID document: %w", err)
	}
	return c.fits(doc)
}

// fits refuses a document that others would not read.
func (c *change) fits(stored *did.Document) error {
	if err := c.reload(); err != nil {
		return err
	}
	shown, err := json.Marshal(published(stored, c.keys, c.now))
	if err != nil {
		return fmt.Errorf("write DID document: %w", err)
	}
	if len(stored.VerificationMethod) > c.room || len(shown) > did.MaxDocument*c.room/did.MaxMethods {
		return fault.New(fault.Conflict, "key.document-full", "the DID document is full: no more keys can be published in it")
	}
	return nil
}
