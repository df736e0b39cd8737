-- +goose Up

-- The format in which a holder asks for credentials.
ALTER TABLE holder ADD COLUMN format TEXT NOT NULL DEFAULT 'ldp_vc';
