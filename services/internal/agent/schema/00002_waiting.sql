-- +goose Up

-- What is done leaves these indexes: only what waits is looked for by its time, and a
-- message that is done is not moved about in the other.
DROP INDEX agent_inbox_due;
CREATE INDEX agent_inbox_due ON agent_inbox (due_at) WHERE state = 'waiting';
DROP INDEX agent_inbox_thread;
CREATE INDEX agent_inbox_thread ON agent_inbox (thread, sender);
DROP INDEX agent_outbox_due;
CREATE INDEX agent_outbox_due ON agent_outbox (due_at) WHERE state = 'waiting';
