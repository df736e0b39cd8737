-- +goose Up

-- A holder and the hash of the token that opens the wallet.
CREATE TABLE holder (
    id         TEXT   NOT NULL PRIMARY KEY,
    token_hash TEXT   NOT NULL UNIQUE,
    locale     TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- An exchange with one other party. secret is sealed: the credential to show
-- and the consent of an application, the case and its capability once accepted.
CREATE TABLE exchange (
    id          TEXT   NOT NULL PRIMARY KEY,
    holder      TEXT   NOT NULL REFERENCES holder (id),
    kind        TEXT   NOT NULL,
    invitation  TEXT   NOT NULL,
    thread      TEXT   NOT NULL,
    ours        TEXT   NOT NULL,
    theirs      TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    expects     TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    message     TEXT   NOT NULL,
    secret      BYTEA,
    traceparent TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    UNIQUE (thread, ours)
);
CREATE INDEX exchange_holder ON exchange (holder, created_at);

-- A credential, sealed.
CREATE TABLE held_credential (
    id          TEXT   NOT NULL PRIMARY KEY,
    holder      TEXT   NOT NULL REFERENCES holder (id),
    exchange    TEXT   NOT NULL UNIQUE REFERENCES exchange (id),
    type        TEXT   NOT NULL,
    issuer      TEXT   NOT NULL,
    subject     TEXT   NOT NULL,
    format      TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL
);
CREATE INDEX held_credential_holder ON held_credential (holder, received_at);
