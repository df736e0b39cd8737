-- +goose Up

-- A list of one standing finds its cases by these.
CREATE INDEX registration_state ON registration (state);
