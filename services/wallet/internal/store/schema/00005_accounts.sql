-- +goose Up

-- How a holder opens the wallet on its pages. A passkey's sealed part is its
-- public key and counters; a recovery code is kept as its SHA-256, and used once.
CREATE TABLE passkey (
    id         TEXT   NOT NULL PRIMARY KEY,
    holder     TEXT   NOT NULL REFERENCES holder (id),
    sealed     BYTEA  NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX passkey_holder ON passkey (holder);
CREATE TABLE recovery_code (
    hash    TEXT   NOT NULL PRIMARY KEY,
    holder  TEXT   NOT NULL REFERENCES holder (id),
    used_at BIGINT NOT NULL
);
CREATE INDEX recovery_code_holder ON recovery_code (holder);
