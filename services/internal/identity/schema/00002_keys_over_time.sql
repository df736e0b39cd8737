-- +goose Up

-- When each key of an organisation serves. Times are microseconds since 1970;
-- valid_until and revoked_at are 0 when they have not come. Nothing is ever
-- deleted here: what a key signed must verify ever after.
CREATE TABLE identity_organisation_key (
    kid         TEXT   NOT NULL PRIMARY KEY REFERENCES identity_key (kid),
    did         TEXT   NOT NULL REFERENCES identity (did),
    purpose     TEXT   NOT NULL, -- assertionMethod or keyAgreement
    number      BIGINT NOT NULL, -- of the key among those of its purpose
    kind        TEXT   NOT NULL, -- of the key store
    valid_from  BIGINT NOT NULL, -- from when on it is the one to use
    valid_until BIGINT NOT NULL, -- from when on it is not used, nor counts for what is dated then
    revoked_at  BIGINT NOT NULL, -- from when on it may have been another's
    reason      TEXT   NOT NULL, -- why it was revoked
    UNIQUE (did, purpose, number)
);

INSERT INTO identity_organisation_key (kid, did, purpose, number, kind, valid_from, valid_until, revoked_at, reason)
SELECT k.kid, k.did, 'assertionMethod', 1, 'Ed25519', i.created_at, 0, 0, ''
FROM identity_key k JOIN identity i ON i.did = k.did
WHERE i.document IS NOT NULL AND k.kid = k.did || '#assertion-1';

INSERT INTO identity_organisation_key (kid, did, purpose, number, kind, valid_from, valid_until, revoked_at, reason)
SELECT k.kid, k.did, 'keyAgreement', 1, 'X25519', i.created_at, 0, 0, ''
FROM identity_key k JOIN identity i ON i.did = k.did
WHERE i.document IS NOT NULL AND k.kid = k.did || '#agreement-1';
