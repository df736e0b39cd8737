-- +goose Up

-- Whose account it is (the bank's DID, empty before the view is known), how its
-- case stands and why, the case whose account it shares, and the rest of what is
-- known, sealed.
ALTER TABLE account ADD COLUMN bank     TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN standing TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE account ADD COLUMN cause    TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN same_as  TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN facts    BYTEA;
CREATE INDEX account_same_as ON account (same_as);

-- Who is a customer of which bank: person is the keyed hash of a fødselsnummer
-- or D-number, case_ref the case that opened the account. A person is one
-- customer of a bank; a number that was replaced stays theirs.
CREATE TABLE customer (
    bank     TEXT NOT NULL,
    person   TEXT NOT NULL,
    case_ref TEXT NOT NULL,
    PRIMARY KEY (bank, person)
);
CREATE INDEX customer_case ON customer (case_ref);

-- The BankID order of an account, by the case that opened it.
CREATE TABLE bankid_order (
    case_ref     TEXT   NOT NULL PRIMARY KEY,
    state        TEXT   NOT NULL,
    ordered_at   BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL,
    confirmed_by TEXT   NOT NULL,
    issued_at    BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL,
    reason       TEXT   NOT NULL
);

-- What employers were told, as a hash chain whose end stands in the head.
CREATE TABLE payroll_answer (
    position  BIGINT NOT NULL PRIMARY KEY,
    case_ref  TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    employer  TEXT   NOT NULL,
    caller    TEXT   NOT NULL,
    purpose   TEXT   NOT NULL,
    claims    TEXT   NOT NULL,
    prev_hash BYTEA  NOT NULL,
    row_hash  BYTEA  NOT NULL
);
CREATE INDEX payroll_answer_case ON payroll_answer (case_ref, position);
CREATE TABLE payroll_answer_head (
    id       BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    row_hash BYTEA
);
INSERT INTO payroll_answer_head (id, position, row_hash) VALUES (1, 0, NULL);
