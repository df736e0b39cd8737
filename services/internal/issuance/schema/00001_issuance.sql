-- +goose Up

-- Every credential, recorded before it is signed. state is reserved, offered,
-- issued, delivered, declined or withdrawn; claims and credential are sealed.
CREATE TABLE issuance (
    credential_id TEXT   NOT NULL PRIMARY KEY,
    type          TEXT   NOT NULL,
    reference     TEXT   NOT NULL,
    issuer        TEXT   NOT NULL,
    claims        BYTEA  NOT NULL,
    valid_from    BIGINT NOT NULL,
    valid_until   BIGINT NOT NULL,
    status        TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    thread        TEXT   NOT NULL,
    ours          TEXT   NOT NULL,
    theirs        TEXT   NOT NULL,
    nonce         TEXT   NOT NULL,
    subject       TEXT   NOT NULL,
    credential    BYTEA,
    traceparent   TEXT   NOT NULL,
    created_at    BIGINT NOT NULL,
    issued_at     BIGINT NOT NULL,
    delivered_at  BIGINT NOT NULL,
    UNIQUE (reference, type)
);
CREATE INDEX issuance_thread ON issuance (thread);
