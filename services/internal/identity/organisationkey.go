package identity

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// OrganisationKey is a key of an organisation of ours and when it serves.
type OrganisationKey struct {
	ID      string // as the DID document has it: did#assertion-1, did#agreement-1, ...
	Kind    keystore.Kind
	Purpose did.Purpose // AssertionMethod or KeyAgreement

	// ValidFrom is from when on it is the key to use; it is published before.
	ValidFrom time.Time
	// ValidUntil is when it retires, zero for not yet: from then on it neither
	// signs nor opens anything, and the document says that it has expired.
	ValidUntil time.Time
	// Revoked is from when on another may have had it, zero for never: nothing
	// that is dated then or later counts. Reason says why.
	Revoked time.Time
	Reason  string

	organisation string
	number       int64
	stored       keystore.KeyID
}

// organisationKinds are the kinds of keys that an organisation may have.
var organisationKinds = map[keystore.Kind]struct {
	curve    did.Curve
	purpose  did.Purpose
	fragment string
}{
	keystore.Ed25519: {did.Ed25519, did.AssertionMethod, "#assertion-"},
	keystore.ES256:   {did.P256, did.AssertionMethod, "#assertion-"},
	keystore.ES384:   {did.P384, did.AssertionMethod, "#assertion-"},
	keystore.X25519:  {did.X25519, did.KeyAgreement, "#agreement-"},
	keystore.P256:    {did.P256, did.KeyAgreement, "#agreement-"},
	keystore.P384:    {did.P384, did.KeyAgreement, "#agreement-"},
}

func newOrganisationKey(organisation string, kind keystore.Kind, number int64, from time.Time) OrganisationKey {
	k := organisationKinds[kind]
	return OrganisationKey{
		ID: fmt.Sprintf("%s%s%d", organisation, k.fragment, number), Kind: kind, Purpose: k.purpose, ValidFrom: from,
		organisation: organisation, number: number,
	}
}

func (k OrganisationKey) method(public did.PublicKey) did.VerificationMethod {
	return did.VerificationMethod{ID: k.ID, Type: "Multikey", Controller: k.organisation, Key: public}
}

// check refuses to use the key when its time has passed. Whoever asked for the
// key a moment ago asks again and gets the next.
func (k OrganisationKey) check(now time.Time) error {
	switch {
	case !k.Revoked.IsZero():
		return fault.New(fault.Unavailable, "key.revoked", "this key was revoked: it is not used any more")
	case !k.ValidUntil.IsZero() && !now.Before(k.ValidUntil):
		return fault.New(fault.Unavailable, "key.retired", "this key has retired: it is not used any more")
	}
	return nil
}

// AssertionKey gives the Ed25519 key that an organisation of ours signs with
// now. It is the credential engine's KeyOf; NotFound when the organisation is
// not ours.
func (b *Book) AssertionKey(ctx context.Context, organisation string) (credential.Key, error) {
	return b.AssertionKeyOf(ctx, organisation, did.Ed25519)
}

// AssertionKeyOf is AssertionKey on a curve; NotFound when the organisation
// has no key on it: see EnsureAssertionKey.
func (b *Book) AssertionKeyOf(ctx context.Context, organisation string, curve did.Curve) (credential.Key, error) {
	keys, err := b.recent(ctx, organisation)
	if err != nil {
		return credential.Key{}, err
	}
	now := b.clock.Now()
	var current *OrganisationKey
	for i, k := range keys {
		if k.Purpose != did.AssertionMethod || organisationKinds[k.Kind].curve != curve || k.check(now) != nil || now.Before(k.ValidFrom) {
			continue
		}
		if current == nil || !k.ValidFrom.Before(current.ValidFrom) {
			current = &keys[i]
		}
	}
	if current == nil {
		return credential.Key{}, notOurs()
	}
	return credential.Key{ID: current.ID, Curve: curve}, nil
}

func notOurs() error { return fault.New(fault.NotFound, "key.not-ours", "no key with this id") }

// History gives every key that an organisation of ours has or had, by purpose
// and age. NotFound when the organisation is not ours.
func (b *Book) History(ctx context.Context, organisation string) ([]OrganisationKey, error) {
	keys, err := organisationKeys(ctx, b.db.Read(), organisation)
	if err == nil && len(keys) == 0 {
		err = fault.New(fault.NotFound, "did.not-ours", "no such DID here")
	}
	return keys, err
}

// isOrganisation tells the key ids of organisations from those of relations
// and holders, whose keys have no periods.
func isOrganisation(kid string) bool { return strings.HasPrefix(kid, "did:web:") }

// organisationKey finds a key of an organisation, whatever its period.
func (b *Book) organisationKey(ctx context.Context, kid string) (OrganisationKey, bool, error) {
	organisation, _, _ := strings.Cut(kid, "#")
	keys, err := b.recent(ctx, organisation)
	for _, k := range keys {
		if k.ID == kid {
			return k, true, err
		}
	}
	return OrganisationKey{}, false, err
}

// reread is how long keys are used as they were read. Another process on the
// same database may rotate them: a key that it revokes may sign for so long.
const reread = 2 * time.Second

// recentKeys are an organisation's keys as they were read a moment ago.
type recentKeys struct {
	keys []OrganisationKey
	at   time.Time
}

// recent gives an organisation's keys, none when it is not ours.
func (b *Book) recent(ctx context.Context, organisation string) ([]OrganisationKey, error) {
	now := b.clock.Now()
	b.mu.Lock()
	known, ok := b.organisations[organisation]
	b.mu.Unlock()
	if age := now.Sub(known.at); ok && age >= 0 && age < reread {
		return known.keys, nil
	}
	keys, err := organisationKeys(ctx, b.db.Read(), organisation)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.organisations) >= maxKnown {
		clear(b.organisations)
	}
	b.organisations[strings.Clone(organisation)] = recentKeys{keys, now} // it may lie in the envelope that names it
	return keys, nil
}

func (b *Book) forget(organisation string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.organisations, organisation)
}

func organisationKeys(ctx context.Context, q sqldb.Querier, organisation string) ([]OrganisationKey, error) {
	rows, err := q.QueryContext(ctx, `
		SELECT p.kid, p.did, p.purpose, p.number, p.kind, p.valid_from, p.valid_until, p.revoked_at, p.reason, k.key_id
		FROM identity_organisation_key p JOIN identity_key k ON k.kid = p.kid
		WHERE p.did = $1 ORDER BY p.purpose, p.number`, organisation)
	keys, err := sqldb.Collect(rows, err, func(r *sql.Rows) (k OrganisationKey, err error) {
		var from, until, revoked int64
		err = r.Scan(&k.ID, &k.organisation, &k.Purpose, &k.number, &k.Kind, &from, &until, &revoked, &k.Reason, &k.stored)
		k.ValidFrom, k.ValidUntil, k.Revoked = clock.FromMicros(from), clock.FromMicros(until), clock.FromMicros(revoked)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("read organisation's keys: %w", err)
	}
	return keys, nil
}

func insertOrganisationKey(ctx context.Context, tx *sqldb.Tx, k OrganisationKey) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO identity_organisation_key (kid, did, purpose, number, kind, valid_from, valid_until, revoked_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		k.ID, k.organisation, k.Purpose, k.number, k.Kind, clock.Micros(k.ValidFrom), clock.Micros(k.ValidUntil), clock.Micros(k.Revoked), k.Reason)
	if err != nil {
		return fmt.Errorf("save organisation's key: %w", err)
	}
	return nil
}

func updateOrganisationKey(ctx context.Context, tx *sqldb.Tx, k OrganisationKey) error {
	_, err := tx.ExecContext(ctx, `UPDATE identity_organisation_key SET valid_until = $2, revoked_at = $3, reason = $4 WHERE kid = $1`,
		k.ID, clock.Micros(k.ValidUntil), clock.Micros(k.Revoked), k.Reason)
	if err != nil {
		return fmt.Errorf("change organisation's key: %w", err)
	}
	return nil
}
