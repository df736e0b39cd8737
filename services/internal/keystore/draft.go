package keystore

import (
	"context"
	"fmt"

	"github.com/hyperledger/aries-framework-go/pkg/kms"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// errNotFound is how a kms.Store says so: aries looks for it before it takes
// an id for a new key.
var errNotFound = kms.ErrKeyNotFound

// Draft makes keys that are not saved yet. The store works with them at once,
// so that a transaction can sign with a key that it is about to save. A draft
// belongs to one goroutine; its keys serve any.
//
//	d := store.Draft()
//	defer d.Close()
//	id, public, err := d.Create(keystore.Ed25519)
//	...
//	err = d.Save(ctx, rowsOfTheTransaction)
//	... when that has committed:
//	d.Committed()
//
// What was not saved, or not committed, is gone with Close.
type Draft struct {
	store *Store
	saved []lockedKey
}

type lockedKey struct {
	id     KeyID
	locked []byte
}

// Draft begins a draft. The caller must Close it when the transaction that
// saves its keys has ended, either way.
func (s *Store) Draft() *Draft { return &Draft{store: s} }

// Create makes a key of the kind.
func (d *Draft) Create(kind Kind) (KeyID, did.PublicKey, error) {
	k, ok := kinds[kind]
	if !ok {
		return "", did.PublicKey{}, fault.New(fault.Invalid, "keystore.kind", "an unknown kind of key")
	}
	var slot slot
	m := d.store.kms(&slot)
	_, handle, err := m.Create(k.aries)
	if err != nil {
		return "", did.PublicKey{}, fmt.Errorf("create %s key: %w", kind, err)
	}
	exported, _, err := m.ExportPubKeyBytes(slot.id)
	if err != nil {
		return "", did.PublicKey{}, fmt.Errorf("export public key: %w", err)
	}
	public, err := publicOf(kind, exported)
	if err != nil {
		return "", did.PublicKey{}, err
	}
	// aries gives the same id today; ours rests on RFC 7638 alone.
	id := public.Thumbprint()
	opened, err := openKey(kind, public, handle)
	if err != nil {
		return "", did.PublicKey{}, err
	}
	d.store.drafts.put(id, opened)
	d.saved = append(d.saved, lockedKey{id, slot.locked})
	return id, public, nil
}

// Save puts the draft's keys into rows, usually those of the caller's
// transaction. They last when that commits.
func (d *Draft) Save(ctx context.Context, rows Rows) error {
	for _, k := range d.saved {
		if err := rows.PutKey(ctx, k.id, k.locked); err != nil {
			return fmt.Errorf("save key: %w", err)
		}
	}
	return nil
}

// Committed says that the transaction in which the keys were saved has committed. They
// stay open as if they had been used: most are, at once.
func (d *Draft) Committed() {
	for _, saved := range d.saved {
		if k, ok := d.store.drafts.get(saved.id); ok {
			d.store.opened.put(saved.id, k)
		}
	}
}

// Close ends the draft. From now on its keys are found in the rows, or
// nowhere. Closing twice does nothing.
func (d *Draft) Close() {
	for _, k := range d.saved {
		d.store.drafts.drop(k.id)
	}
	d.saved = nil
}
