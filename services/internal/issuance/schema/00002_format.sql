-- +goose Up

-- The format in which a credential was signed; empty before.
ALTER TABLE issuance ADD COLUMN format TEXT NOT NULL DEFAULT '';
