-- +goose Up

-- What a case may come to besides: its fee, what stands in its way (causes,
-- separated by commas, in the order in which they came), its employer, and when
-- rules are to decide it by themselves (0: never).
ALTER TABLE case_file ADD COLUMN fee_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN fee_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN fee_source TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN fee_paid_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE case_file ADD COLUMN causes TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN employer TEXT NOT NULL DEFAULT '';
ALTER TABLE case_file ADD COLUMN automatic_at BIGINT NOT NULL DEFAULT 0;
-- A case that was granted went on in spite of a withdrawal: its timeline tells.
UPDATE case_file SET offer_withdrawn = 0 WHERE state = 'GRANTED';
UPDATE case_file SET causes = 'OFFER_WITHDRAWN' WHERE offer_withdrawn = 1;
CREATE INDEX case_file_employer ON case_file (employer);
CREATE INDEX case_file_automatic ON case_file (automatic_at);

-- Every offer that was ever presented in a case, with the presentation and the
-- capability that its wallet was given. An offer is presented once.
CREATE TABLE case_offer (
    issuer          TEXT   NOT NULL,
    offer_id        TEXT   NOT NULL,
    case_ref        TEXT   NOT NULL REFERENCES case_file (ref),
    capability_hash TEXT   NOT NULL,
    presentation    BYTEA  NOT NULL,
    presented_at    BIGINT NOT NULL,
    PRIMARY KEY (issuer, offer_id)
);
CREATE INDEX case_offer_case ON case_offer (case_ref);
INSERT INTO case_offer (issuer, offer_id, case_ref, capability_hash, presentation, presented_at)
    SELECT issuer, offer_id, ref, capability_hash, presentation, opened_at FROM case_file;

-- Who decided what, for ever, and what it rests on: a case may be decided again
-- on appeal, and a permit be revoked. basis and results are JSON: hashes and
-- references, and what each rule found. note is sealed; it may be empty.
CREATE TABLE decision_made (
    id          TEXT   NOT NULL PRIMARY KEY,
    case_ref    TEXT   NOT NULL REFERENCES case_file (ref),
    position    BIGINT NOT NULL DEFAULT 1,
    officer     TEXT   NOT NULL,
    token_hash  TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    note        BYTEA  NOT NULL,
    rule_set    TEXT   NOT NULL,
    inputs_hash TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    together    TEXT   NOT NULL DEFAULT '',
    basis       TEXT   NOT NULL DEFAULT '{}',
    results     TEXT   NOT NULL DEFAULT '{}',
    UNIQUE (case_ref, position)
);
INSERT INTO decision_made (id, case_ref, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at)
    SELECT id, case_ref, officer, token_hash, outcome, reason, note, rule_set, inputs_hash, at FROM decision;
DROP TABLE decision;
ALTER TABLE decision_made RENAME TO decision;

-- A case's timeline, in the order of recording. Steps may come again: a missed
-- appointment is booked anew. cause is a code.
CREATE TABLE case_step_again (
    case_ref   TEXT   NOT NULL REFERENCES case_file (ref),
    position   BIGINT NOT NULL,
    milestone  TEXT   NOT NULL,
    service    TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    time_class TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    event_type TEXT   NOT NULL,
    cause      TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (case_ref, position)
);
INSERT INTO case_step_again (case_ref, position, milestone, service, at, time_class, event_id, event_type)
    SELECT case_ref, position, milestone, service, at, time_class, event_id, event_type FROM case_step;
DROP TABLE case_step;
ALTER TABLE case_step_again RENAME TO case_step;

-- The payment of a case's fee. state is due until nobody waits for it any more.
CREATE TABLE fee_payment (
    case_ref   TEXT   NOT NULL PRIMARY KEY REFERENCES case_file (ref),
    payment_id TEXT   NOT NULL UNIQUE,
    url        TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    next_at    BIGINT NOT NULL,
    attempts   BIGINT NOT NULL
);
CREATE INDEX fee_payment_due ON fee_payment (state, next_at);

-- The appeal over a refusal. grounds is sealed.
CREATE TABLE appeal (
    case_ref    TEXT   NOT NULL PRIMARY KEY REFERENCES case_file (ref),
    id          TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    late        BIGINT NOT NULL,
    officer     TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    grounds     BYTEA  NOT NULL
);

-- How employers stand with the programme, by its last event about each: cause is
-- empty for one in good standing.
CREATE TABLE employer_standing (
    organisation_number TEXT   NOT NULL PRIMARY KEY,
    cause               TEXT   NOT NULL,
    at                  BIGINT NOT NULL
);

-- Corrections of identity that are to be fetched from the police.
CREATE TABLE identity_correction (
    event_id TEXT   NOT NULL PRIMARY KEY,
    case_ref TEXT   NOT NULL REFERENCES case_file (ref),
    state    TEXT   NOT NULL,
    next_at  BIGINT NOT NULL,
    attempts BIGINT NOT NULL
);
CREATE INDEX identity_correction_due ON identity_correction (state, next_at);

-- Cases that are decided together.
CREATE TABLE family_member (
    case_ref  TEXT   NOT NULL PRIMARY KEY REFERENCES case_file (ref),
    family    TEXT   NOT NULL,
    position  BIGINT NOT NULL,
    relation  TEXT   NOT NULL,
    linked_by TEXT   NOT NULL,
    linked_at BIGINT NOT NULL
);
CREATE INDEX family_member_family ON family_member (family, position);
