-- +goose Up

-- The SHA-256 of the list that the customer was last compared with.
ALTER TABLE account ADD COLUMN screened TEXT NOT NULL DEFAULT '';
