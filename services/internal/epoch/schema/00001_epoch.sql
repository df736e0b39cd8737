-- +goose Up

-- A row for each time that the database was restored from a backup.
CREATE TABLE epoch (
    number    BIGINT NOT NULL PRIMARY KEY,
    begun_at  BIGINT NOT NULL,
    backup    TEXT   NOT NULL
);
