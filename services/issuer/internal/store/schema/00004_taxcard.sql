-- +goose Up

-- An order of a worker's tax card for an offer's employer. person (the worker's
-- number) and card are sealed.
CREATE TABLE taxcard_order (
    offer_id    TEXT   NOT NULL PRIMARY KEY REFERENCES offer (id),
    case_ref    TEXT   NOT NULL,
    year        BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    reference   TEXT   NOT NULL,
    person      BYTEA,
    card        BYTEA,
    ordered_at  BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    rule        TEXT   NOT NULL
);
CREATE INDEX taxcard_order_due ON taxcard_order (due_at) WHERE due_at > 0;
