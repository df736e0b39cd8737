-- +goose Up

-- Numbers of a case, oldest first; the one without replaced_at is current.
-- number is sealed; fingerprint is its keyed hash. A number that was assigned
-- anew is nobody else's, ever; one that existed before may be a person's in two
-- cases.
CREATE TABLE person_number (
    case_ref    TEXT   NOT NULL,
    ordinal     BIGINT NOT NULL,
    kind        TEXT   NOT NULL,
    number      BYTEA  NOT NULL,
    fingerprint TEXT   NOT NULL,
    deviates    BIGINT NOT NULL,
    how         TEXT   NOT NULL,
    assigned_at BIGINT NOT NULL,
    replaced_at BIGINT NOT NULL,
    PRIMARY KEY (case_ref, ordinal)
);
CREATE UNIQUE INDEX person_number_current ON person_number (case_ref) WHERE replaced_at = 0;
CREATE UNIQUE INDEX person_number_given ON person_number (fingerprint) WHERE how = 'ASSIGNED';

-- A requisition to the population register, by our reference. stage is as in
-- registration.Stage; due_at is when it is to be sent, 0 when it is not; replaces
-- and kept are sealed.
CREATE TABLE requisition (
    reference    TEXT   NOT NULL PRIMARY KEY,
    case_ref     TEXT   NOT NULL,
    kind         TEXT   NOT NULL,
    stage        TEXT   NOT NULL,
    replaces     BYTEA,
    receipt      TEXT   NOT NULL,
    requested_at BIGINT NOT NULL,
    deadline     BIGINT NOT NULL,
    reason       TEXT   NOT NULL,
    refusal      TEXT   NOT NULL,
    kept         BYTEA,
    due_at       BIGINT NOT NULL,
    attempts     BIGINT NOT NULL,
    rule         TEXT   NOT NULL,
    traceparent  TEXT   NOT NULL
);
CREATE INDEX requisition_due ON requisition (stage, due_at);

-- How far the feedback of a register has been read.
CREATE TABLE register_feed (
    register TEXT   NOT NULL PRIMARY KEY,
    pointer  BIGINT NOT NULL
);

-- Who was told the number of a case, and which of its numbers last.
CREATE TABLE identifier_told (
    case_ref TEXT   NOT NULL,
    caller   TEXT   NOT NULL,
    ordinal  BIGINT NOT NULL,
    told_at  BIGINT NOT NULL,
    PRIMARY KEY (case_ref, caller)
);

-- The registration of a case, without its numbers. The card's number is that of
-- card_ordinal.
CREATE TABLE registration_2 (
    case_ref        TEXT   NOT NULL PRIMARY KEY,
    state           TEXT   NOT NULL,
    valid_from      BIGINT NOT NULL,
    valid_until     BIGINT NOT NULL,
    performed_by    TEXT   NOT NULL,
    performed_at    BIGINT NOT NULL,
    kind            TEXT   NOT NULL,
    standing        TEXT   NOT NULL,
    cause           TEXT   NOT NULL,
    edition         BIGINT NOT NULL,
    order_reference TEXT   NOT NULL,
    card_id         BIGINT UNIQUE,
    card_at         BIGINT NOT NULL,
    card_ordinal    BIGINT NOT NULL,
    card_year       BIGINT NOT NULL,
    card_source     BIGINT NOT NULL,
    card_table      TEXT   NOT NULL,
    card_percent    BIGINT NOT NULL,
    card_months     BIGINT NOT NULL,
    card_edition    BIGINT NOT NULL,
    card_revoked_at BIGINT NOT NULL,
    card_cause      TEXT   NOT NULL
);

-- What the tax administration's own register knows, where no Folkeregisteret is
-- configured: keyed hashes by which people are told apart, sealed numbers, and
-- what it answered.
CREATE TABLE population_person (
    person TEXT NOT NULL PRIMARY KEY,
    birth  TEXT NOT NULL,
    kind   TEXT NOT NULL,
    number BYTEA NOT NULL
);
CREATE TABLE population_key (
    person TEXT NOT NULL,
    what   TEXT NOT NULL,
    value  TEXT NOT NULL,
    PRIMARY KEY (what, value, person)
);
CREATE TABLE population_number (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    person      TEXT NOT NULL
);
CREATE TABLE population_series (
    series   TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
CREATE TABLE population_requisition (
    reference TEXT   NOT NULL PRIMARY KEY,
    receipt   TEXT   NOT NULL,
    stage     TEXT   NOT NULL,
    request   BYTEA  NOT NULL
);
CREATE TABLE population_answer (
    sequence  BIGINT NOT NULL PRIMARY KEY,
    reference TEXT   NOT NULL,
    answer    BYTEA  NOT NULL
);

INSERT INTO person_number (case_ref, ordinal, kind, number, fingerprint, deviates, how, assigned_at, replaced_at)
    SELECT case_ref, 0, kind, number, fingerprint, deviates, 'ASSIGNED', assigned_at, 0 FROM registration WHERE fingerprint IS NOT NULL;
INSERT INTO population_number (fingerprint, person)
    SELECT fingerprint, case_ref FROM registration WHERE fingerprint IS NOT NULL;
-- The cards of before name no deduction: the credential has it.
INSERT INTO registration_2 (case_ref, state, valid_from, valid_until, performed_by, performed_at, kind, standing, cause, edition,
        order_reference, card_id, card_at, card_ordinal, card_year, card_source, card_table, card_percent, card_months, card_edition,
        card_revoked_at, card_cause)
    SELECT case_ref, state, valid_from, valid_until, performed_by, performed_at, kind, 'ACTIVE', '', 1,
        '', card_id, card_at, 0, CAST(CASE WHEN card_year = '' THEN '0' ELSE card_year END AS BIGINT), 0, '', 0, 0, 1, 0, '' FROM registration;
DROP TABLE registration;
ALTER TABLE registration_2 RENAME TO registration;
