package issuance

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// Order is a credential that somebody else has written. It is signed as it
// stands, with a status of ours when one is asked for, and valid from now when
// it does not say. Whether it may be issued is for the caller to know.
type Order struct {
	// Issuer is the organisation's DID, which the document names.
	Issuer string
	// Name is what the credential is called by from now on; empty for a
	// credential that nobody will ask for again.
	Name string
	// Type is the one of the document's types that it is recorded as.
	Type     string
	Document credential.Document
	// Status are the purposes of the entries that are added.
	Status []status.Purpose
	Format credential.Format
	// Suite is that of a Data Integrity proof; empty for eddsa-rdfc-2022.
	Suite credential.Cryptosuite
	// Terms are the contexts that the document may use; nil for the pinned ones.
	Terms credential.Terms
}

// content is what an order says, as a hash.
func (o Order) content() (string, error) {
	text, err := json.Marshal([]any{o.Document, o.Status, o.Format, o.Suite})
	if err != nil {
		return "", fmt.Errorf("hash order: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// IssueDocument records an order, and only then signs it. The same order under
// the same name gives the same credential, another one is a Conflict. It
// refuses, with fault.Invalid, what cannot be signed, and then keeps nothing.
func (i *Issuer) IssueDocument(ctx context.Context, o Order) ([]byte, error) {
	by, err := i.signingOf(ctx, o)
	if err != nil {
		return nil, err
	}
	var id string
	err = i.DB.Tx(ctx, func(tx *sqldb.Tx) (err error) {
		id, err = i.order(ctx, tx, o, by)
		return err
	})
	if err != nil {
		return nil, err
	}
	c, err := i.Find(ctx, i.DB.Read(), id)
	if err != nil {
		return nil, err
	}
	if c.State != Reserved {
		return i.Signed(ctx, i.DB.Read(), id)
	}
	document, err := i.document(ctx, c)
	if err != nil {
		return nil, err
	}
	signed, err := by.document(ctx, o, c, document)
	if err != nil {
		return nil, err
	}
	err = i.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		return i.issued(ctx, tx, c, o.Format, subjectOf(document), signed)
	})
	if fault.RuleOf(err) == "credential.already-issued" {
		return i.Signed(ctx, i.DB.Read(), id) // the same order, at the same time
	}
	return signed, err
}

// order records what was ordered, unless that has been done, and gives its id.
func (i *Issuer) order(ctx context.Context, tx *sqldb.Tx, o Order, by signing) (string, error) {
	content, err := o.content()
	if err != nil {
		return "", err
	}
	if id, err := orderedBefore(ctx, tx, o, content); id != "" || err != nil {
		return id, err
	}
	random := make([]byte, 16)
	if _, err := io.ReadFull(i.Random, random); err != nil {
		return "", err
	}
	c := Credential{ID: urn(random), Type: o.Type, Issuer: o.Issuer}
	if len(o.Status) > 0 {
		if c.status, err = i.Lists.Reserve(ctx, tx, o.Issuer, c.ID); err != nil {
			return "", err
		}
	}
	document := o.complete(c, by)
	form, err := vcdm.ReadDocument(document)
	if err != nil {
		return "", err
	}
	c.Reference, c.validFrom, c.validUntil = c.ID, form.ValidFrom, form.ValidUntil
	rehearsal := signing{signer: nobody{by.key.Curve}, key: by.key, at: by.at, random: i.Random}
	if _, err := rehearsal.document(ctx, o, c, document); err != nil {
		return "", err
	}
	if err := i.insert(ctx, tx, c, document); err != nil {
		return "", err
	}
	name := o.Name
	if name == "" {
		name = c.ID
	}
	fresh, err := sqldb.Inserted(ctx, tx, `INSERT INTO issuance_document (credential_id, issuer, name, content) VALUES ($1, $2, $3, $4)
		ON CONFLICT (issuer, name) DO NOTHING`, c.ID, o.Issuer, name, content)
	if err == nil && !fresh {
		err = fault.New(fault.Unavailable, "credential.ordered-meanwhile", "the same credential is being issued: ask again")
	}
	return c.ID, err
}

// orderedBefore finds what an order's name stands for, "" for nothing.
func orderedBefore(ctx context.Context, q sqldb.Querier, o Order, content string) (id string, err error) {
	var before string
	err = q.QueryRowContext(ctx, `SELECT credential_id, content FROM issuance_document WHERE issuer = $1 AND name = $2`, o.Issuer, o.Name).Scan(&id, &before)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("find order: %w", err)
	case before != content:
		return "", fault.New(fault.Conflict, "credential.id-with-another-content", "another credential was issued under this id: use a new one")
	}
	return id, nil
}

// complete is the document with what the issuer adds to it.
func (o Order) complete(c Credential, by signing) credential.Document {
	document := maps.Clone(o.Document)
	if _, dated := document["validFrom"]; !dated {
		document["validFrom"] = vcdm.FormatInstant(by.at)
	}
	if o.Format == credential.SDJWT {
		return document // its status stands elsewhere
	}
	var entries []any
	for _, entry := range c.entries(o.Status) {
		entries = append(entries, entry.Document())
	}
	vcdm.SetItems(document, "credentialStatus", entries)
	return document
}

// document opens what was recorded of an order.
func (i *Issuer) document(ctx context.Context, c Credential) (credential.Document, error) {
	plain, err := i.Book.KeyStore().Open(ctx, c.claims, []byte(c.ID))
	if err != nil {
		return nil, fmt.Errorf("unseal document: %w", err)
	}
	return strictjson.DecodeObject(plain, strictjson.Limits{})
}

// subjectOf is the id of the one subject, "" when there is none.
func subjectOf(document credential.Document) string {
	form, err := vcdm.ReadDocument(document)
	if err != nil || len(form.Subjects) != 1 {
		return ""
	}
	return form.Subjects[0].ID
}
