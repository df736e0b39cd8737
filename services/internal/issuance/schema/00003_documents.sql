-- +goose Up

-- A credential that somebody else wrote, and that is signed as it stands. Its
-- claims in issuance are the whole unsigned document. name is what they call
-- it by, content the hash of what they asked for.
CREATE TABLE issuance_document (
    credential_id TEXT NOT NULL PRIMARY KEY REFERENCES issuance (credential_id),
    issuer        TEXT NOT NULL,
    name          TEXT NOT NULL,
    content       TEXT NOT NULL,
    UNIQUE (issuer, name)
);
