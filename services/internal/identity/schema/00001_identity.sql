-- +goose Up

-- Keys as the key store locks them: without the master key they are noise.
CREATE TABLE identity_keystore (
    key_id TEXT  NOT NULL PRIMARY KEY,
    locked BYTEA NOT NULL
);

-- A DID of ours. owner is whose it is (a holder, a tenant, the service);
-- only_from, when not empty, is the one DID whose messages it takes.
CREATE TABLE identity (
    did        TEXT   NOT NULL PRIMARY KEY,
    owner      TEXT   NOT NULL,
    only_from  TEXT   NOT NULL,
    document   BYTEA,
    created_at BIGINT NOT NULL
);

CREATE INDEX identity_owner ON identity (owner);

-- Which key in the key store stands behind a key id of a DID document.
CREATE TABLE identity_key (
    kid    TEXT NOT NULL PRIMARY KEY,
    did    TEXT NOT NULL REFERENCES identity (did),
    key_id TEXT NOT NULL
);
