-- +goose Up

-- What a message says lies beside its row until it is done or sent, and goes then with
-- its pages. In the row itself it left most of each page empty behind it.
CREATE TABLE agent_inbox_letter (
    sender   TEXT  NOT NULL,
    id       TEXT  NOT NULL,
    envelope BYTEA NOT NULL,
    PRIMARY KEY (sender, id)
);
INSERT INTO agent_inbox_letter (sender, id, envelope) SELECT sender, id, envelope FROM agent_inbox WHERE envelope IS NOT NULL;
ALTER TABLE agent_inbox DROP COLUMN envelope;
CREATE TABLE agent_outbox_letter (
    id     TEXT  NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
INSERT INTO agent_outbox_letter (id, sealed) SELECT id, sealed FROM agent_outbox WHERE sealed IS NOT NULL;
ALTER TABLE agent_outbox DROP COLUMN sealed;
