-- +goose Up

-- The one registration of a case. number is sealed; fingerprint is its keyed
-- hash, so that nobody gets a number that another has.
CREATE TABLE registration (
    case_ref     TEXT   NOT NULL PRIMARY KEY,
    state        TEXT   NOT NULL,
    valid_from   BIGINT NOT NULL,
    valid_until  BIGINT NOT NULL,
    performed_by TEXT   NOT NULL,
    performed_at BIGINT NOT NULL,
    kind         TEXT   NOT NULL,
    number       BYTEA,
    fingerprint  TEXT   UNIQUE,
    deviates     BIGINT NOT NULL,
    assigned_at  BIGINT NOT NULL,
    card_id      BIGINT UNIQUE,
    card_at      BIGINT NOT NULL,
    card_year    TEXT   NOT NULL
);
