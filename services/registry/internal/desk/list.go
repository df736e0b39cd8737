package desk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/trustlist"
	"github.com/kompetansespor/kompetansespor/services/registry/internal/accreditation"
)

// Published is a version of the trust list as it was signed.
type Published struct {
	Version              int64
	IssuedAt, NextUpdate time.Time
	Body                 []byte
}

// served is a list that was given out, and the key that it is signed with.
type served struct {
	Published
	key string
}

// Configure records which agencies are configured: others than before make a
// new version of the list. To be called once, before the list is served.
func (d *Desk) Configure(ctx context.Context) error {
	raw, err := json.Marshal(d.Agencies)
	if err != nil {
		return fmt.Errorf("configure agencies: %w", err)
	}
	sum := sha256.Sum256(raw)
	return d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		changed, err := d.Store.SetAgencies(ctx, tx, hex.EncodeToString(sum[:]))
		if err != nil {
			return err
		}
		version, err := d.Store.Version(ctx, tx)
		if err != nil {
			return err
		}
		// A list from before its versions were kept is published anew.
		if _, err := d.Store.PastList(ctx, tx, version); !changed && (err == nil || fault.KindOf(err) != fault.NotFound) {
			return err
		}
		return d.publish(ctx, tx)
	})
}

// publish makes the next version of the list, of what stands in the caller's
// transaction, and keeps it for ever.
func (d *Desk) publish(ctx context.Context, tx *sqldb.Tx) error {
	version, err := d.Store.NextVersion(ctx, tx)
	if err != nil {
		return err
	}
	next, err := d.signList(ctx, tx, version)
	if err != nil {
		return err
	}
	return d.Store.AddList(ctx, tx, next)
}

// TrustList gives the signed list (see trustlist): always of the newest
// version, and signed anew, with the same sequence number, when half its
// lifetime has passed, or when another key has taken over: whoever reads the list
// asks for a key that is in use now.
func (d *Desk) TrustList(ctx context.Context) ([]byte, error) {
	version, err := d.Store.Version(ctx, d.DB.Read())
	if err != nil {
		return nil, err
	}
	key, err := d.AssertionKey(ctx, d.DID)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	have := d.last
	d.mu.Unlock()
	if have.Version == version && have.key == key.ID && d.young(have.Published) {
		return have.Body, nil
	}
	var current Published
	err = d.DB.Snapshot(ctx, func(q sqldb.Querier) error {
		if version, err = d.Store.Version(ctx, q); err != nil {
			return err
		}
		if current, err = d.Store.PastList(ctx, q, version); err != nil || d.fresh(current, key.ID) {
			return err
		}
		current, err = d.signList(ctx, q, version)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read trust list: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if current.Version >= d.last.Version {
		d.last = served{current, key.ID}
	}
	return current.Body, nil
}

func (d *Desk) fresh(l Published, kid string) bool {
	return d.young(l) && trustlist.SignedWith(l.Body) == kid
}

// young reports whether less than half of a list's lifetime has passed.
func (d *Desk) young(l Published) bool {
	return d.Clock.Now().Before(l.NextUpdate.Add(-d.Lifetime / 2))
}

// PastList gives a version of the list as it was first signed. NotFound when
// there is none.
func (d *Desk) PastList(ctx context.Context, version int64) ([]byte, error) {
	l, err := d.Store.PastList(ctx, d.DB.Read(), version)
	return l.Body, err
}

// signList signs the list as it stands for q.
func (d *Desk) signList(ctx context.Context, q sqldb.Querier, version int64) (Published, error) {
	now := d.now()
	list := trustlist.List{Issuer: d.DID, Operator: d.Operator, Version: version, IssuedAt: now, NextUpdate: now.Add(d.Lifetime)}
	records, err := d.Store.Decided(ctx, q)
	if err != nil {
		return Published{}, err
	}
	for _, a := range d.Agencies {
		// An agency may issue for as long as a list names it.
		list.Entities = append(list.Entities, trustlist.Entity{
			DID: a.DID, OrganisationNumber: a.OrganisationNumber, LegalName: a.LegalName, CredentialTypes: a.CredentialTypes,
			Status: trustlist.Accredited, ValidFrom: time.Unix(0, 0).UTC(), ValidUntil: list.NextUpdate,
		})
	}
	for _, r := range records {
		list.Entities = append(list.Entities, listed(r))
	}
	key, err := d.AssertionKey(ctx, d.DID)
	if err != nil {
		return Published{}, err
	}
	body, err := trustlist.Sign(ctx, d.Signer, key, list)
	return Published{Version: version, IssuedAt: list.IssuedAt, NextUpdate: list.NextUpdate, Body: body}, err
}

var statuses = map[accreditation.State]string{
	accreditation.Accredited: trustlist.Accredited, accreditation.Suspended: trustlist.Suspended,
	accreditation.Revoked: trustlist.Withdrawn, accreditation.Expired: trustlist.Expired,
}

// listed is an employer on the list, with all that it was before.
func listed(r Record) trustlist.Entity {
	a := r.Accreditation
	e := trustlist.Entity{
		DID: r.DID, OrganisationNumber: a.OrganisationNumber(), LegalName: a.LegalName(), CredentialTypes: []string{credtype.OfferOfEmployment},
		Status: statuses[a.State()], StatusSince: a.Since(), ValidFrom: a.ValidFrom(), ValidUntil: a.End(), AccreditationID: a.ID(),
	}
	changes := a.Changes()
	for i := len(changes) - 2; i >= 0; i-- {
		if status, told := statuses[changes[i].To]; told {
			e.History = append(e.History, trustlist.Standing{Status: status, Since: changes[i].At})
		}
	}
	return e
}
