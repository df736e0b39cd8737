-- +goose Up

-- The next line of a file, and whether one waits, are found whatever was imported.
DROP INDEX batch_line_due;
CREATE INDEX batch_line_due ON batch_line (due_at, batch_id, line) WHERE state = 'WAITING';
CREATE INDEX batch_line_waiting ON batch_line (batch_id) WHERE state = 'WAITING';
