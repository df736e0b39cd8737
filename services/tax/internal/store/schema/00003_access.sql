-- +goose Up

-- Who has read or tried what, as a hash chain. claims is a JSON list of paths.
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
