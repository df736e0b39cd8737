-- +goose Up

-- What an employer applied with and what is known of it. persons is the
-- contact, the declaration and the signatories, sealed; attested and register
-- are JSON; name_folded is the name as it is searched; valid_until is the last
-- day, banned_until 0 unless revoked.
ALTER TABLE accreditation ADD COLUMN persons BYTEA NOT NULL DEFAULT '';
ALTER TABLE accreditation ADD COLUMN attested TEXT NOT NULL DEFAULT '{}';
ALTER TABLE accreditation ADD COLUMN register TEXT NOT NULL DEFAULT '[]';
ALTER TABLE accreditation ADD COLUMN valid_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accreditation ADD COLUMN banned_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accreditation ADD COLUMN name_folded TEXT NOT NULL DEFAULT '';
UPDATE accreditation SET name_folded = lower(legal_name);

-- An organisation, and a DID, has one accreditation that is not over.
DROP INDEX accreditation_organisation;
DROP INDEX accreditation_did;
CREATE UNIQUE INDEX accreditation_organisation ON accreditation (organisation_number) WHERE state NOT IN ('REVOKED', 'EXPIRED');
CREATE UNIQUE INDEX accreditation_did ON accreditation (did) WHERE state NOT IN ('REVOKED', 'EXPIRED');
CREATE INDEX accreditation_over ON accreditation (state, valid_until);

-- Every change of an accreditation's state, numbered from 1, kept for ever.
CREATE TABLE accreditation_change (
    accreditation_id TEXT   NOT NULL,
    number           BIGINT NOT NULL,
    from_state       TEXT   NOT NULL,
    to_state         TEXT   NOT NULL,
    code             TEXT   NOT NULL,
    reason           TEXT   NOT NULL,
    changed_by       TEXT   NOT NULL,
    changed_at       BIGINT NOT NULL,
    PRIMARY KEY (accreditation_id, number)
);
-- What the columns tell of those that were there before.
INSERT INTO accreditation_change (accreditation_id, number, from_state, to_state, code, reason, changed_by, changed_at)
    SELECT id, 1, '', 'PENDING', 'APPLIED', '', 'programme', created_at FROM accreditation;
INSERT INTO accreditation_change (accreditation_id, number, from_state, to_state, code, reason, changed_by, changed_at)
    SELECT id, 2, 'PENDING', 'ACCREDITED', 'CRITERIA_MET', '', 'programme', created_at FROM accreditation WHERE state <> 'PENDING';
INSERT INTO accreditation_change (accreditation_id, number, from_state, to_state, code, reason, changed_by, changed_at)
    SELECT id, 3, 'ACCREDITED', 'REVOKED', 'OTHER', revocation_reason, 'programme', revoked_at FROM accreditation WHERE state = 'REVOKED';

-- Every version of the trust list, as it was first signed.
CREATE TABLE trust_list_version (
    version     BIGINT NOT NULL PRIMARY KEY,
    issued_at   BIGINT NOT NULL,
    next_update BIGINT NOT NULL,
    body        BYTEA  NOT NULL
);

-- Organisations that are looked up in Enhetsregisteret again, and when.
CREATE TABLE employer_watch (
    organisation_number TEXT   NOT NULL PRIMARY KEY,
    due_at              BIGINT NOT NULL
);
CREATE INDEX employer_watch_due ON employer_watch (due_at);
INSERT INTO employer_watch (organisation_number, due_at)
    SELECT organisation_number, 0 FROM accreditation WHERE state = 'ACCREDITED';

-- How far the register's feed has been read: the number of the last update,
-- 0 for none since the time at which reading began.
CREATE TABLE register_pointer (
    id       TEXT   NOT NULL PRIMARY KEY,
    last     BIGINT NOT NULL,
    began_at BIGINT NOT NULL
);
