-- +goose Up

-- The offer of a credential is asked for when it was delivered.
CREATE INDEX offer_credential ON offer (credential_id) WHERE credential_id <> '';
