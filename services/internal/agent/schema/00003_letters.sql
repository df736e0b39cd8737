-- +goose Up

-- What a message says lies beside its row until it is done or sent, and goes then with
-- its pages. In the row itself it left most of each page empty behind it.
--
-- Renaming first has a replica of before that still runs fail from here on: what it
-- committed between the copy and the drop would be lost otherwise.
ALTER TABLE agent_inbox RENAME COLUMN envelope TO moved;
ALTER TABLE agent_outbox RENAME COLUMN sealed TO moved;
CREATE TABLE agent_inbox_letter (
    sender   TEXT  NOT NULL,
    id       TEXT  NOT NULL,
    envelope BYTEA NOT NULL,
    PRIMARY KEY (sender, id)
);
INSERT INTO agent_inbox_letter (sender, id, envelope) SELECT sender, id, moved FROM agent_inbox WHERE moved IS NOT NULL;
ALTER TABLE agent_inbox DROP COLUMN moved;
CREATE TABLE agent_outbox_letter (
    id     TEXT  NOT NULL PRIMARY KEY,
    sealed BYTEA NOT NULL
);
INSERT INTO agent_outbox_letter (id, sealed) SELECT id, moved FROM agent_outbox WHERE moved IS NOT NULL;
ALTER TABLE agent_outbox DROP COLUMN moved;
