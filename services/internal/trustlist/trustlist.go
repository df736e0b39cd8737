// Package trustlist is the programme's list of who may issue what: employers
// that are accredited, and the agencies. It is published as a compact JWS
// (RFC 7515) by the registry and checked by everyone against the
// registry's DID. An expired list, or one by anybody else, is no list.
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
)

// MaxBytes is the largest list that is read.
const MaxBytes = 4 << 20

// List is one version of the trust list.
type List struct {
	Issuer     string    `json:"issuer"` // the registry's DID
	Version    int64     `json:"version"`
	IssuedAt   time.Time `json:"issued_at"`
	NextUpdate time.Time `json:"next_update"`
	Entities   []Entity  `json:"entities"`
}

// Entity is an organisation and what it may issue.
type Entity struct {
	DID                string    `json:"did"`
	OrganisationNumber string    `json:"organisation_number"`
	LegalName          string    `json:"legal_name"`
	CredentialTypes    []string  `json:"credential_types"`
	Status             string    `json:"status"` // ACCREDITED, SUSPENDED or REVOKED
	ValidFrom          time.Time `json:"valid_from"`
	ValidUntil         time.Time `json:"valid_until"`
	AccreditationID    string    `json:"accreditation_id"`
}

// Accredited is the one status under which an entity may issue.
const Accredited = "ACCREDITED"

// Accredited finds the entity that may issue credentials of a type at an
// instant. Denied "issuer.unknown" when the list does not have it,
// "issuer.not-accredited" when it may not issue this now.
func (l *List) Accredited(issuer, credentialType string, at time.Time) (Entity, error) {
	for _, e := range l.Entities {
		if e.DID != issuer {
			continue
		}
		if e.Status != Accredited || !slices.Contains(e.CredentialTypes, credentialType) || at.Before(e.ValidFrom) || !at.Before(e.ValidUntil) {
			return e, fault.New(fault.Denied, "issuer.not-accredited", "the issuer is not accredited for credentials of this type at this time")
		}
		return e, nil
	}
	return Entity{}, fault.New(fault.Denied, "issuer.unknown", "the issuer is not on the trust list")
}

const listType = "kompetansespor-trust-list+jws"

// Sign writes the list as a compact JWS by the registry's key.
func Sign(ctx context.Context, signer credential.Signer, key credential.Key, l List) ([]byte, error) {
	compact, err := jws.Sign(ctx, signer.Sign, jws.Header{Algorithm: key.Curve.Algorithm(), KeyID: key.ID, Type: listType}, l)
	if err != nil {
		return nil, fmt.Errorf("sign trust list: %w", err)
	}
	return []byte(compact), nil
}

// Verify reads a list that must be by the registry and current at now. Every
// deviation is Denied.
func Verify(ctx context.Context, keys credential.KeyResolver, registry string, raw []byte, now time.Time) (*List, error) {
	token, err := jws.Parse(string(raw), listType, MaxBytes)
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
	key, err := keys.VerificationKey(ctx, token.KeyID, credential.AssertionMethod, now)
	if err != nil {
		return nil, err
	}
	if !token.Verify(key) {
		return nil, refused("trustlist.signature", "the trust list's signature is not by its key")
	}
	var l List
	if err := token.Read(&l); err != nil || l.Issuer != registry {
		return nil, refused("trustlist.form", "the trust list cannot be read")
	}
	if now.Before(l.IssuedAt.Add(-time.Minute)) || !now.Before(l.NextUpdate) {
		return nil, refused("trustlist.expired", "the trust list is not current")
	}
	return &l, nil
}

func refused(rule, message string) error { return fault.New(fault.Denied, rule, "%s", message) }
