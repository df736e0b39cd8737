-- +goose Up

-- What a notice is about, as its sender said; empty where it did not.
ALTER TABLE notice ADD COLUMN kind TEXT NOT NULL DEFAULT '';
