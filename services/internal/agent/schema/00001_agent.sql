-- +goose Up

-- Every message that was accepted, once: state is waiting, done or refused.
-- The envelope stays encrypted as it came and goes when the message is done.
CREATE TABLE agent_inbox (
    sender      TEXT   NOT NULL,
    id          TEXT   NOT NULL,
    thread      TEXT   NOT NULL,
    type        TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    envelope    BYTEA,
    traceparent TEXT   NOT NULL,
    received_at BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    rule        TEXT   NOT NULL,
    PRIMARY KEY (sender, id)
);
CREATE INDEX agent_inbox_due ON agent_inbox (state, due_at);
CREATE INDEX agent_inbox_recipient ON agent_inbox (recipient);
CREATE INDEX agent_inbox_thread ON agent_inbox (thread, state);

-- Every message that must leave: state is waiting, sent or failed. The text
-- is sealed with the service's data key and goes when the message is sent.
CREATE TABLE agent_outbox (
    id          TEXT   NOT NULL PRIMARY KEY,
    thread      TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    type        TEXT   NOT NULL,
    sender      TEXT   NOT NULL,
    recipient   TEXT   NOT NULL,
    sealed      BYTEA,
    traceparent TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    rule        TEXT   NOT NULL
);
CREATE INDEX agent_outbox_due ON agent_outbox (state, due_at);
CREATE INDEX agent_outbox_thread ON agent_outbox (thread, sender, position);
CREATE INDEX agent_outbox_sender ON agent_outbox (sender);
