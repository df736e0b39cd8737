-- +goose Up

-- A text that an organisation wrote to a holder; sealed. position counts a
-- holder's notices from 1.
CREATE TABLE notice (
    id          TEXT   NOT NULL PRIMARY KEY,
    holder      TEXT   NOT NULL REFERENCES holder (id),
    position    BIGINT NOT NULL,
    sender      TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    read_at     BIGINT NOT NULL,
    sealed      BYTEA  NOT NULL,
    UNIQUE (holder, position)
);
