-- +goose Up

-- An employer's accreditation. content_hash is of what it was asked with;
-- criteria is a JSON object of criterion to whether it is met, scope a list of
-- words.
CREATE TABLE accreditation (
    id                  TEXT   NOT NULL PRIMARY KEY,
    organisation_number TEXT   NOT NULL,
    legal_name          TEXT   NOT NULL,
    did                 TEXT   NOT NULL,
    municipality        TEXT   NOT NULL,
    scope               TEXT   NOT NULL,
    criteria            TEXT   NOT NULL,
    state               TEXT   NOT NULL,
    valid_from          BIGINT NOT NULL,
    revoked_at          BIGINT NOT NULL,
    revocation_reason   TEXT   NOT NULL,
    content_hash        TEXT   NOT NULL,
    credential_id       TEXT   NOT NULL,
    traceparent         TEXT   NOT NULL,
    created_at          BIGINT NOT NULL
);
-- An organisation, and a DID, has one accreditation that is not revoked.
CREATE UNIQUE INDEX accreditation_organisation ON accreditation (organisation_number) WHERE state <> 'REVOKED';
CREATE UNIQUE INDEX accreditation_did ON accreditation (did) WHERE state <> 'REVOKED';
CREATE INDEX accreditation_newest ON accreditation (organisation_number, created_at);

-- The one trust list: its version grows with every change. agencies is the
-- hash of those that were configured.
CREATE TABLE trust_list (
    id       TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    agencies TEXT   NOT NULL
);
