-- +goose Up

-- A Bitstring Status List of one issuer. version grows with every change.
CREATE TABLE status_list (
    number   BIGINT NOT NULL PRIMARY KEY,
    issuer   TEXT   NOT NULL,
    taken    BIGINT NOT NULL,
    version  BIGINT NOT NULL
);

-- An index of a list belongs to one credential, for ever.
CREATE TABLE status_entry (
    list          BIGINT NOT NULL REFERENCES status_list (number),
    position      BIGINT NOT NULL,
    credential_id TEXT   NOT NULL UNIQUE,
    revoked_at    BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    PRIMARY KEY (list, position)
);
