-- +goose Up

-- The programme counts the steps of a month.
CREATE INDEX case_step_at ON case_step (at);
