-- +goose Up

-- A place on the stream belongs to one event, unless the stream has lost some.
CREATE INDEX event_outbox_place ON event_outbox (stream_sequence) WHERE state IN ('published', 'alarmed');
