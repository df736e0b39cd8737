// Package trustlist is the programme's list of who may issue what: employers
// that are accredited, and the agencies. It is published by the registry as a
// List of Trusted Entities (ETSI TS 119 602, the JSON of lote.go) in a compact
// JWS (RFC 7515) and checked by everyone against the registry's DID. A list
// whose next update has passed, or one by anybody else, is no list.
package trustlist

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// MaxBytes is the largest list that is read.
const MaxBytes = 4 << 20

// List is one version of the trust list. Times are kept to the second.
type List struct {
	Issuer     string // the registry's DID
	Operator   string // the name of whoever runs the scheme
	Version    int64  // the sequence number: it grows with every change
	IssuedAt   time.Time
	NextUpdate time.Time
	Entities   []Entity
}

// Entity is an organisation and what it may issue.
type Entity struct {
	DID                string
	OrganisationNumber string
	LegalName          string
	CredentialTypes    []string
	Status             string // Accredited, Suspended, Withdrawn or Expired
	// StatusSince is when Status began; ValidFrom when it is not given.
	StatusSince time.Time
	// History is what it was before, newest first.
	History []Standing
	// The first instant at which it may issue, and the first at which it may
	// not any more.
	ValidFrom, ValidUntil time.Time
	AccreditationID       string // empty for an agency
}

// Standing is a status that an entity had, from an instant on.
type Standing struct {
	Status string
	Since  time.Time
}

// The statuses of an entity.
const (
	Accredited = "ACCREDITED" // the one under which it may issue
	Suspended  = "SUSPENDED"
	Withdrawn  = "WITHDRAWN" // revoked, for good
	Expired    = "EXPIRED"
)

// Accredited finds the entity that may issue credentials of a type at an
// instant. Denied "issuer.unknown" when nobody of the list has the DID, or who
// had it has left the scheme; "issuer.not-accredited" when it may not issue
// this now.
func (l *List) Accredited(issuer, credentialType string, at time.Time) (Entity, error) {
	var known *Entity
	for i := range l.Entities {
		e := &l.Entities[i]
		if e.DID != issuer || e.Status == Withdrawn {
			continue
		}
		if e.Status == Accredited && slices.Contains(e.CredentialTypes, credentialType) && !at.Before(e.ValidFrom) && at.Before(e.ValidUntil) {
			return *e, nil
		}
		known = e
	}
	if known == nil {
		return Entity{}, fault.New(fault.Denied, "issuer.unknown", "the issuer is not on the trust list")
	}
	return *known, fault.New(fault.Denied, "issuer.not-accredited", "the issuer is not accredited for credentials of this type at this time")
}

// StatusAt is the status that the entity had at an instant, empty before the
// first that the list tells of.
func (e Entity) StatusAt(at time.Time) string {
	if !at.Before(e.since()) {
		return e.Status
	}
	for _, before := range e.History {
		if !at.Before(before.Since) {
			return before.Status
		}
	}
	return ""
}

func (e Entity) since() time.Time {
	if e.StatusSince.IsZero() {
		return e.ValidFrom
	}
	return e.StatusSince
}

const listType = "kompetansespor-trust-list+jws"

// Sign writes the list as a compact JWS by the registry's key.
func Sign(ctx context.Context, signer credential.Signer, key credential.Key, l List) ([]byte, error) {
	document, err := l.lote()
	if err != nil {
		return nil, fmt.Errorf("write trust list: %w", err)
	}
	compact, err := jws.Sign(ctx, signer.Sign, jws.Header{Algorithm: key.Curve.Algorithm(), KeyID: key.ID, Type: listType}, document)
	if err != nil {
		return nil, fmt.Errorf("sign trust list: %w", err)
	}
	return []byte(compact), nil
}

// SignedWith is the id of the key that a list of our own says it is signed with,
// empty for what is no list.
func SignedWith(raw []byte) string {
	token, err := jws.Parse(raw, listType, MaxBytes)
	if err != nil {
		return ""
	}
	return token.KeyID
}

// Verify reads a list that must be by the registry and current at now. Every
// deviation is Denied.
func Verify(ctx context.Context, keys credential.KeyResolver, registry string, raw []byte, now time.Time) (*List, error) {
	l, err := read(ctx, keys, registry, raw, func(List) time.Time { return now })
	if err != nil {
		return nil, err
	}
	if now.Before(l.IssuedAt.Add(-time.Minute)) || !now.Before(l.NextUpdate) {
		return nil, refused("trustlist.expired", "the trust list is not current")
	}
	return l, nil
}

// Past reads a list that was by the registry when it was issued, current or
// not: for looking back, never for a decision about now. Deviations are those
// of Verify.
func Past(ctx context.Context, keys credential.KeyResolver, registry string, raw []byte) (*List, error) {
	return read(ctx, keys, registry, raw, func(l List) time.Time { return l.IssuedAt })
}

// read reads a list; its key must have been the registry's at an instant that
// the list may say.
func read(ctx context.Context, keys credential.KeyResolver, registry string, raw []byte, when func(List) time.Time) (*List, error) {
	token, err := jws.Parse(raw, listType, MaxBytes)
	switch {
	case errors.Is(err, jws.ErrHeader):
		return nil, refused("trustlist.header", "the trust list's header is not of this kind")
	case err != nil:
		return nil, refused("trustlist.form", "the trust list is not a compact JWS")
	}
	signer, _, err := did.Split(token.KeyID)
	if err != nil || signer != registry {
		return nil, refused("trustlist.signer", "the trust list is signed by somebody else than the registry")
	}
	l, unread := written(token.Payload())
	// The key is judged at the list's own time only where it is looked back;
	// what cannot be read has none, and its signature is still asked first.
	key, err := keys.VerificationKey(ctx, token.KeyID, credential.AssertionMethod, when(l))
	if err != nil {
		return nil, err
	}
	if !token.Verify(key) {
		return nil, refused("trustlist.signature", "the trust list's signature is not by its key")
	}
	if unread != nil || l.Issuer != registry {
		return nil, refused("trustlist.form", "the trust list cannot be read")
	}
	return &l, nil
}

// Own reads a list that its reader has signed itself and keeps: whose it is, and
// whether it is current, is not asked.
func Own(raw []byte) (*List, error) {
	token, err := jws.Parse(raw, listType, MaxBytes)
	if err != nil {
		return nil, refused("trustlist.form", "the trust list is not a compact JWS")
	}
	l, err := written(token.Payload())
	if err != nil {
		return nil, fmt.Errorf("read own trust list: %w", err)
	}
	return &l, nil
}

// written is what a list's document says, as far as it can be read.
func written(payload []byte) (List, error) {
	var document lote
	unread := strictjson.UnmarshalOpen(payload, &document, strictjson.Limits{Bytes: MaxBytes})
	l, err := document.list()
	if unread == nil {
		unread = err
	}
	return l, unread
}

func refused(rule, message string) error { return fault.New(fault.Denied, rule, "%s", message) }
