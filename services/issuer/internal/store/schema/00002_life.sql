-- +goose Up

-- What an offer has had since drafts, changes and numbers for people came.
-- created_at orders offers and drafts; expires_at is fixed when it is signed;
-- number is empty for a draft. What was signed before was open for 90 days.
ALTER TABLE offer ADD COLUMN number TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN superseded_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN supersedes TEXT NOT NULL DEFAULT '';
ALTER TABLE offer ADD COLUMN superseded_by TEXT NOT NULL DEFAULT '';
-- Wrong codes that came with the number. They lock that way alone: whoever
-- counts numbers up must not keep workers from their links.
ALTER TABLE offer ADD COLUMN wrong_finds BIGINT NOT NULL DEFAULT 0;
UPDATE offer SET created_at = issued_at, expires_at = issued_at + 7776000000000;
CREATE UNIQUE INDEX offer_number ON offer (number) WHERE number <> '';
CREATE INDEX offer_due ON offer (expires_at) WHERE state IN ('ISSUED', 'COLLECTING');
CREATE INDEX offer_created ON offer (tenant, created_at);

-- How many offers a year has had.
CREATE TABLE offer_count (
    year BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Attempts to find an offer by its number. One row: an
-- attempt writes as much whether there is such an offer or not.
CREATE TABLE offer_miss (
    id     BIGINT NOT NULL PRIMARY KEY,
    misses BIGINT NOT NULL
);
INSERT INTO offer_miss (id, misses) VALUES (1, 0);

-- Who told of a step, and why it was taken.
ALTER TABLE offer_step ADD COLUMN service TEXT NOT NULL DEFAULT 'issuer';
ALTER TABLE offer_step ADD COLUMN cause TEXT NOT NULL DEFAULT '';

-- An employer whose offers are to be withdrawn, since its accreditation was
-- revoked; done when all are.
CREATE TABLE revoked_employer (
    event_id            TEXT   NOT NULL PRIMARY KEY,
    organisation_number TEXT   NOT NULL,
    revoked_at          BIGINT NOT NULL,
    done                BIGINT NOT NULL
);

-- The case that an offer opened, as events told of it. offer_id is empty while
-- only other agencies have named the case.
CREATE TABLE offer_case (
    case_ref       TEXT   NOT NULL PRIMARY KEY,
    offer_id       TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    cause          TEXT   NOT NULL,
    card_issued    BIGINT NOT NULL,
    account_shared BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
CREATE INDEX offer_case_offer ON offer_case (offer_id);

-- What happened to a case, for the timeline of its offer.
CREATE TABLE case_step (
    case_ref   TEXT   NOT NULL,
    position   BIGINT NOT NULL,
    service    TEXT   NOT NULL,
    name       TEXT   NOT NULL,
    cause      TEXT   NOT NULL,
    time_class TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    event_type TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (case_ref, position)
);
