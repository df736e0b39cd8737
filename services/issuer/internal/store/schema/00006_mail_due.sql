-- +goose Up

-- The next mail is found however many wait.
CREATE INDEX mail_due ON mail_outbox (due_at) WHERE state = 'waiting';
