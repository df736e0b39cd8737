package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
)

// published is the list as it was last signed.
type published struct {
	version int64
	until   time.Time
	body    []byte
}

// Configure records which agencies are configured: others than before make a
// new version of the list. To be called once, before the list is served.
func (d *Desk) Configure(ctx context.Context) error {
	raw, err := json.Marshal(d.Agencies)
	if err != nil {
		return fmt.Errorf("configure agencies: %w", err)
	}
	sum := sha256.Sum256(raw)
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error { return d.Store.SetAgencies(ctx, tx, hex.EncodeToString(sum[:])) })
}

// TrustList gives the signed list (see trustlist): always of the newest
// version, and signed anew when half its lifetime has passed.
func (d *Desk) TrustList(ctx context.Context) ([]byte, error) {
	version, err := d.Store.Version(ctx, d.DB.Read())
	if err != nil {
		return nil, err
	}
	now := d.Clock.Now().UTC()
	d.mu.Lock()
	have := d.last
	d.mu.Unlock()
	if have.version == version && now.Before(have.until.Add(-d.Lifetime/2)) {
		return have.body, nil
	}
	list, err := d.current(ctx, now)
	if err != nil {
		return nil, err
	}
	key, err := d.AssertionKey(ctx, d.DID)
	if err != nil {
		return nil, err
	}
	body, err := trustlist.Sign(ctx, d.Signer, key, list)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if list.Version >= d.last.version {
		d.last = published{version: list.Version, until: list.NextUpdate, body: body}
	}
	return body, nil
}

// current reads the list as it stands. One transaction, so that nothing is on
// it that its version does not count.
func (d *Desk) current(ctx context.Context, now time.Time) (trustlist.List, error) {
	list := trustlist.List{Issuer: d.DID, IssuedAt: now, NextUpdate: now.Add(d.Lifetime), Entities: []trustlist.Entity{}}
	var records []Record
	err := d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var err error
		if list.Version, err = d.Store.Version(ctx, tx); err != nil {
			return err
		}
		records, err = d.Store.Accredited(ctx, tx)
		return err
	})
	if err != nil {
		return list, fmt.Errorf("read trust list: %w", err)
	}
	for _, a := range d.Agencies {
		// An agency may issue for as long as a list names it.
		list.Entities = append(list.Entities, trustlist.Entity{
			DID: a.DID, OrganisationNumber: a.OrganisationNumber, LegalName: a.LegalName, CredentialTypes: a.CredentialTypes,
			Status: trustlist.Accredited, ValidFrom: time.Unix(0, 0).UTC(), ValidUntil: list.NextUpdate,
		})
	}
	for _, r := range records {
		list.Entities = append(list.Entities, trustlist.Entity{
			DID: r.DID, OrganisationNumber: r.Accreditation.OrganisationNumber(), LegalName: r.Accreditation.LegalName(),
			CredentialTypes: []string{credtype.OfferOfEmployment}, Status: trustlist.Accredited,
			ValidFrom: r.Accreditation.ValidFrom(), ValidUntil: endOf(r.Accreditation), AccreditationID: r.Accreditation.ID(),
		})
	}
	return list, nil
}
