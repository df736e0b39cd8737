-- +goose Up

-- What a case is about lies beside its row: each step of a case writes the row anew, and
-- few change what it is about. The presentation has been in case_offer since there can
-- be several.
ALTER TABLE case_file DROP COLUMN presentation;
CREATE TABLE case_sealed (
    ref    TEXT  NOT NULL PRIMARY KEY REFERENCES case_file (ref),
    sealed BYTEA NOT NULL
);
INSERT INTO case_sealed (ref, sealed) SELECT ref, sealed FROM case_file;
ALTER TABLE case_file DROP COLUMN sealed;
