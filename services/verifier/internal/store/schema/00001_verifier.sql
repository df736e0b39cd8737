-- +goose Up

-- A present-proof thread with a wallet: what it was asked to sign, and whether
-- that was used. One answer is taken, once.
CREATE TABLE application_session (
    thread      TEXT   NOT NULL,
    theirs      TEXT   NOT NULL,
    challenge   TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    case_ref    TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (thread, theirs)
);

-- A case. sealed holds the facts, the evaluation, the offer's claims, the
-- consent and the DUF number; presentation is the presentation as it came.
-- rule_set and inputs_hash say what the evaluation was made from. version
-- fences concurrent changes. One offer opens one case.
CREATE TABLE case_file (
    ref             TEXT   NOT NULL PRIMARY KEY,
    position        BIGINT NOT NULL UNIQUE,
    number          TEXT   NOT NULL UNIQUE,
    issuer          TEXT   NOT NULL,
    offer_id        TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    offer_withdrawn BIGINT NOT NULL,
    applicant       TEXT   NOT NULL,
    capability_hash TEXT   NOT NULL,
    rule_set        TEXT   NOT NULL,
    inputs_hash     TEXT   NOT NULL,
    sealed          BYTEA  NOT NULL,
    presentation    BYTEA  NOT NULL,
    traceparent     TEXT   NOT NULL,
    opened_at       BIGINT NOT NULL,
    version         BIGINT NOT NULL,
    UNIQUE (issuer, offer_id)
);
CREATE INDEX case_file_offer ON case_file (offer_id);

-- Counters: of cases, and of the case numbers of a year.
CREATE TABLE case_counter (
    name TEXT   NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

-- Which DUF numbers are taken, by a keyed digest (HMAC-SHA-256). The key is
-- random, made once and sealed.
CREATE TABLE duf_key (
    id     BIGINT NOT NULL PRIMARY KEY,
    sealed BYTEA  NOT NULL
);
CREATE TABLE duf_taken (
    digest   TEXT NOT NULL PRIMARY KEY,
    case_ref TEXT NOT NULL
);

-- Who decided what, for ever. note is sealed; it may be empty.
CREATE TABLE decision (
    case_ref    TEXT   NOT NULL PRIMARY KEY REFERENCES case_file (ref),
    id          TEXT   NOT NULL UNIQUE,
    officer     TEXT   NOT NULL,
    token_hash  TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    note        BYTEA  NOT NULL,
    rule_set    TEXT   NOT NULL,
    inputs_hash TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

-- A case's timeline, in the order of recording; each milestone once.
CREATE TABLE case_step (
    case_ref   TEXT   NOT NULL REFERENCES case_file (ref),
    position   BIGINT NOT NULL,
    milestone  TEXT   NOT NULL,
    service    TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    time_class TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    event_type TEXT   NOT NULL,
    PRIMARY KEY (case_ref, position),
    UNIQUE (case_ref, milestone)
);

-- Who read what: one hash chain over all cases, and its end.
CREATE TABLE access_log (
    position  BIGINT NOT NULL PRIMARY KEY,
    case_ref  TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    agency    TEXT   NOT NULL,
    caller    TEXT   NOT NULL,
    purpose   TEXT   NOT NULL,
    claims    TEXT   NOT NULL,
    prev_hash BYTEA  NOT NULL,
    row_hash  BYTEA  NOT NULL
);
CREATE INDEX access_log_case ON access_log (case_ref, position);
CREATE TABLE access_log_head (
    id       BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    row_hash BYTEA
);
INSERT INTO access_log_head (id, position, row_hash) VALUES (1, 0, NULL);
