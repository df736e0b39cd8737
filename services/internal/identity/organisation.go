package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// EnsureOrganisation makes a did:web with its keys and document unless it is
// there: an Ed25519 key that asserts and authenticates, an X25519 key that
// agrees, one DIDComm endpoint. owner is the tenant, or empty.
func (b *Book) EnsureOrganisation(ctx context.Context, name, owner, endpoint string) error {
	if _, err := did.WebURL(name); err != nil {
		return err
	}
	var there string
	err := b.db.Read().QueryRowContext(ctx, `SELECT did FROM identity WHERE did = $1`, name).Scan(&there)
	if !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	draft := b.keys.Draft()
	defer draft.Close()
	now := b.clock.Now()
	pending := &Pending{DID: name, book: b, draft: draft}
	doc := &did.Document{ID: name, Service: []did.Service{{
		ID:       name + "#didcomm",
		Type:     did.DIDCommMessaging,
		Endpoint: []did.Endpoint{{URI: endpoint, Accept: []string{"didcomm/v2"}}},
	}}}
	var keys []OrganisationKey
	for _, kind := range []keystore.Kind{keystore.Ed25519, keystore.X25519} {
		id, public, err := draft.Create(kind)
		if err != nil {
			return fmt.Errorf("make organisation keys: %w", err)
		}
		key := newOrganisationKey(name, kind, 1, now)
		keys = append(keys, key)
		pending.Keys, pending.keyIDs = append(pending.Keys, key.ID), append(pending.keyIDs, id)
		doc.VerificationMethod = append(doc.VerificationMethod, key.method(public))
	}
	if pending.document, err = json.Marshal(doc); err != nil {
		return fmt.Errorf("write DID document: %w", err)
	}
	return b.db.Tx(ctx, func(tx *sqldb.Tx) error {
		if err := pending.Save(ctx, tx, owner, ""); err != nil {
			return err
		}
		for _, key := range keys {
			if err := insertOrganisationKey(ctx, tx, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// Documents serves the DID documents of our organisations: host is the did:web
// host, so that /.well-known/did.json and /a/b/did.json find theirs (did:web
// method, section "Read"). A port in host is written as the method has it.
func (b *Book) Documents(host string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "did:web:" + strings.ReplaceAll(host, ":", "%3A")
		path, ok := strings.CutSuffix(r.URL.Path, "/did.json")
		switch {
		case !ok || path == "":
			http.NotFound(w, r)
			return
		case path != "/.well-known":
			name += strings.ReplaceAll(path, "/", ":")
		}
		document, err := b.document(r.Context(), name)
		if errors.Is(err, sql.ErrNoRows) {
			http.NotFound(w, r)
			return
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/did+json")
		w.Header().Set("Cache-Control", "public, max-age=60")
		_, _ = w.Write(document)
	})
}

// document is an organisation's document as it is published now.
func (b *Book) document(ctx context.Context, name string) ([]byte, error) {
	var doc *did.Document
	err := b.db.Snapshot(ctx, func(q sqldb.Querier) error {
		stored, err := storedDocument(ctx, q, name)
		if err != nil {
			return err
		}
		keys, err := organisationKeys(ctx, q, name)
		if err != nil {
			return err
		}
		doc = published(stored, keys, b.clock.Now())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

// storedDocument holds the services of an organisation, and the public half of
// every key that it ever had.
func storedDocument(ctx context.Context, q sqldb.Querier, name string) (*did.Document, error) {
	var text []byte
	err := q.QueryRowContext(ctx, `SELECT document FROM identity WHERE did = $1 AND document IS NOT NULL`, name).Scan(&text)
	if err != nil {
		return nil, fmt.Errorf("read DID document: %w", err)
	}
	return did.ParseFor(name, text)
}
