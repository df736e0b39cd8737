-- +goose Up

-- When an event was handed to a service outside that passes events on, 0 while
-- it was not. Only what waits is in the index.
ALTER TABLE event_outbox ADD COLUMN forwarded_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX event_outbox_forward ON event_outbox (created_at) WHERE forwarded_at = 0;
