-- +goose Up

-- An event of the inbox is also waiting, for one of its case that was parked
-- before it, or retry, when somebody has asked for it to be tried again. One of
-- the outbox is also missed: it left, and is not where it should have come.
CREATE INDEX event_inbox_open ON event_inbox (producer, case_ref, sequence) WHERE state IN ('parked', 'waiting', 'retry');
CREATE INDEX event_outbox_published ON event_outbox (published_at, id) WHERE state IN ('published', 'alarmed');
