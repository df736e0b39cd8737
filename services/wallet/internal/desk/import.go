package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

// Import puts a credential in the wallet that the holder got outside DIDComm.
// It is verified as any other, supports an application, and is bound to a key
// of this holder. The same document gives the same credential.
func (d *Desk) Import(ctx context.Context, holder string, document []byte) (_ holding.Credential, err error) {
	ctx, end := telemetry.Span(ctx, "wallet.Import")
	defer func() { end(err) }()
	sum := sha256.Sum256(document)
	once := "import:" + hex.EncodeToString(sum[:])
	if have, err := d.imported(ctx, d.DB.Read(), holder, once); fault.KindOf(err) != fault.NotFound {
		return have, err
	}
	verified, err := d.verified(ctx, document)
	if err != nil {
		return holding.Credential{}, err
	}
	if !slices.Contains(holding.Supporting(), verified.Type.Name) {
		return holding.Credential{}, fault.New(fault.Denied, "credential.type-not-imported", "a recognised education, a police certificate or a language test can be imported: all else comes from its issuer")
	}
	owner, _, err := d.Book.Owner(ctx, verified.SubjectID)
	if kind := fault.KindOf(err); err != nil && kind != fault.NotFound {
		return holding.Credential{}, err
	}
	if owner != holder {
		return holding.Credential{}, fault.New(fault.Denied, "credential.another-holder", "the credential is bound to a key that this wallet does not have")
	}
	exchangeID, err := d.newID("exc_")
	if err != nil {
		return holding.Credential{}, err
	}
	id, err := d.newID("cred_")
	if err != nil {
		return holding.Credential{}, err
	}
	now := d.Clock.Now()
	held := holding.Credential{
		ID: id, Holder: holder, Exchange: exchangeID, Type: verified.Type.Name, Issuer: verified.Issuer,
		Subject: verified.SubjectID, Format: verified.Format, ReceivedAt: now, Document: document,
	}
	exchange := holding.Imported(holding.Exchange{
		ID: exchangeID, Holder: holder, Thread: exchangeID, Theirs: verified.Issuer, CreatedAt: now,
	}, held.Type, held.Subject)
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		fresh, err := d.Store.AddExchange(ctx, tx, exchange, once, nil)
		if err != nil {
			return err
		}
		if !fresh {
			held, err = d.imported(ctx, tx, holder, once)
			return err
		}
		return d.Store.AddCredential(ctx, tx, held)
	})
	return held, err
}

// imported finds what came of an earlier import of the same document.
func (d *Desk) imported(ctx context.Context, q sqldb.Querier, holder, once string) (holding.Credential, error) {
	exchange, err := d.Store.ByInvitation(ctx, q, holder, once)
	if err != nil {
		return holding.Credential{}, err
	}
	held, err := d.Store.FromExchange(ctx, q, exchange.ID)
	if err != nil {
		return holding.Credential{}, err
	}
	if len(held) == 0 {
		return holding.Credential{}, fault.New(fault.NotFound, "credential.unknown", "there is no such credential in this wallet")
	}
	return d.Store.Credential(ctx, q, holder, held[0])
}
