-- +goose Up

-- People whom the stand-in knows, by their current number. All of them are
-- synthetic, so nothing is sealed.
CREATE TABLE person (
    person   TEXT NOT NULL PRIMARY KEY,
    name     TEXT NOT NULL,
    birth    TEXT NOT NULL,
    passport TEXT NOT NULL,
    duf      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    number   TEXT NOT NULL
);
CREATE INDEX person_name ON person (name, birth);
CREATE INDEX person_passport ON person (passport);

-- Every number that was ever given, and to whom.
CREATE TABLE given_number (
    number TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL
);

-- Requisitions by their sender's reference: SENT, QUEUED or DECIDED.
CREATE TABLE requisition (
    reference TEXT NOT NULL PRIMARY KEY,
    receipt   TEXT NOT NULL,
    stage     TEXT NOT NULL,
    request   TEXT NOT NULL
);

-- The feed of feedback.
CREATE TABLE feedback (
    sequence BIGINT NOT NULL PRIMARY KEY,
    event    TEXT   NOT NULL
);

-- What the next requisitions are to become, by the control.
CREATE TABLE ordered (
    position BIGINT NOT NULL PRIMARY KEY,
    outcome  TEXT   NOT NULL
);
