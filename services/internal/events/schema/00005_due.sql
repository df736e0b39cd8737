-- +goose Up

-- Only what must leave is in the index, in its order. The one before held every event,
-- and was taken for finding those that were published in a span of time, which read all.
DROP INDEX event_outbox_waiting;
CREATE INDEX event_outbox_due ON event_outbox (created_at) WHERE state IN ('waiting', 'missed');
