-- +goose Up

-- Whose word about a case counts is found by the DID that presented in it.
CREATE INDEX application_session_theirs ON application_session (theirs);
