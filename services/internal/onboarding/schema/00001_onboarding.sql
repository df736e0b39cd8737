-- +goose Up

-- A case as an agency knows it, from the first event that names it. state is
-- SEEN (not decided yet), IGNORED (refused), NOTIFIED (granted, the view is to
-- be fetched), KNOWN (the view is here) or FAILED (rule says why). view is
-- sealed. due_at is when there is something to do, 0 while the case waits for
-- an event; revision grows with every event that wakes it.
CREATE TABLE onboarding_case (
    case_ref    TEXT   NOT NULL PRIMARY KEY,
    position    BIGINT NOT NULL UNIQUE,
    state       TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    traceparent TEXT   NOT NULL,
    view        BYTEA,
    seen_at     BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    revision    BIGINT NOT NULL
);
CREATE INDEX onboarding_case_due ON onboarding_case (state, due_at);

-- Secrets of the service's own, sealed.
CREATE TABLE onboarding_secret (
    name   TEXT  NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
