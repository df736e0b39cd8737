-- +goose Up

-- The last sequence number given to an event of a case.
CREATE TABLE event_sequence (
    case_ref TEXT   NOT NULL PRIMARY KEY,
    last     BIGINT NOT NULL
);

-- Every event of ours, for ever: state is waiting, published or alarmed.
CREATE TABLE event_outbox (
    id              TEXT   NOT NULL PRIMARY KEY,
    case_ref        TEXT   NOT NULL,
    sequence        BIGINT NOT NULL,
    type            TEXT   NOT NULL,
    payload         BYTEA  NOT NULL,
    hash            TEXT   NOT NULL,
    traceparent     TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    state           TEXT   NOT NULL,
    stream_sequence BIGINT NOT NULL,
    published_at    BIGINT NOT NULL,
    UNIQUE (case_ref, sequence)
);
CREATE INDEX event_outbox_waiting ON event_outbox (state, created_at);

-- Every event of others that was taken, once: state is done, ignored or
-- parked. Identity is the id and the hash of the payload.
CREATE TABLE event_inbox (
    producer    TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    case_ref    TEXT   NOT NULL,
    sequence    BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    payload     BYTEA  NOT NULL,
    received_at BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    PRIMARY KEY (producer, id, hash)
);

-- How far each case of each producer has been taken.
CREATE TABLE event_position (
    producer TEXT   NOT NULL,
    case_ref TEXT   NOT NULL,
    last     BIGINT NOT NULL,
    PRIMARY KEY (producer, case_ref)
);
