-- +goose Up

-- The last of a thread is found at its end, and what waits in it without a look at what
-- is done: a stranger may name one thread in any number of messages.
DROP INDEX agent_inbox_thread;
CREATE INDEX agent_inbox_thread ON agent_inbox (thread, sender, received_at);
CREATE INDEX agent_inbox_waiting ON agent_inbox (thread, sender, received_at) WHERE state = 'waiting';
CREATE INDEX agent_outbox_waiting ON agent_outbox (thread, sender, position) WHERE state = 'waiting';
