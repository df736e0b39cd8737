-- +goose Up

-- The one account of a case. bban and holder are sealed; fingerprint is the
-- account number's keyed hash, so that no two have the same.
CREATE TABLE account (
    case_ref    TEXT   NOT NULL PRIMARY KEY,
    state       TEXT   NOT NULL,
    granted     BIGINT NOT NULL,
    identified  BIGINT NOT NULL,
    bban        BYTEA,
    fingerprint TEXT   UNIQUE,
    holder      BYTEA,
    kind        TEXT   NOT NULL,
    opened_at   BIGINT NOT NULL
);
