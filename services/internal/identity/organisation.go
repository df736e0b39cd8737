package identity

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/keystore"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// The key ids of an organisation's DID document. A rotation adds the next
// number and keeps the old.
const (
	assertionFragment = "#assertion-1"
	agreementFragment = "#agreement-1"
)

// AssertionKey gives the key that an organisation of ours signs with now. It is
// the credential engine's KeyOf; NotFound when the organisation is not ours.
func (b *Book) AssertionKey(ctx context.Context, organisation string) (credential.Key, error) {
	kid := organisation + assertionFragment
	id, ok, err := b.find(ctx, kid)
	if err != nil {
		return credential.Key{}, err
	}
	if !ok {
		return credential.Key{}, fault.New(fault.NotFound, "key.not-ours", "no key with this id")
	}
	public, _, err := b.keys.Public(ctx, id)
	return credential.Key{ID: kid, Curve: public.Curve()}, err
}

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
	asserting, assertingKey, err := draft.Create(keystore.Ed25519)
	if err != nil {
		return fmt.Errorf("make organisation keys: %w", err)
	}
	agreeing, agreeingKey, err := draft.Create(keystore.X25519)
	if err != nil {
		return fmt.Errorf("make organisation keys: %w", err)
	}
	document, err := json.Marshal(&did.Document{
		ID: name,
		VerificationMethod: []did.VerificationMethod{
			{ID: name + assertionFragment, Type: "Multikey", Controller: name, Key: assertingKey},
			{ID: name + agreementFragment, Type: "Multikey", Controller: name, Key: agreeingKey},
		},
		Authentication:  []string{name + assertionFragment},
		AssertionMethod: []string{name + assertionFragment},
		KeyAgreement:    []string{name + agreementFragment},
		Service: []did.Service{{
			ID:       name + "#didcomm",
			Type:     did.DIDCommMessaging,
			Endpoint: []did.Endpoint{{URI: endpoint, Accept: []string{"didcomm/v2"}}},
		}},
	})
	if err != nil {
		return fmt.Errorf("write DID document: %w", err)
	}
	pending := &Pending{
		DID: name, Keys: []string{name + assertionFragment, name + agreementFragment},
		book: b, draft: draft, keyIDs: []keystore.KeyID{asserting, agreeing}, document: document,
	}
	return b.db.Tx(ctx, func(tx *sqldb.Tx) error { return pending.Save(ctx, tx, owner, "") })
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
		var document []byte
		err := b.db.Read().QueryRowContext(r.Context(), `SELECT document FROM identity WHERE did = $1 AND document IS NOT NULL`, name).Scan(&document)
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
