-- +goose Up

-- A file of offers and who signed it; signatory is part of each line's form.
CREATE TABLE batch (
    id              TEXT   NOT NULL PRIMARY KEY,
    tenant          TEXT   NOT NULL,
    idempotency_key TEXT   NOT NULL,
    file_hash       TEXT   NOT NULL,
    token_hash      TEXT   NOT NULL,
    code_form       TEXT   NOT NULL,
    traceparent     TEXT   NOT NULL,
    imported_at     BIGINT NOT NULL,
    done_at         BIGINT NOT NULL,
    UNIQUE (tenant, idempotency_key)
);

-- One offer of a file; sealed is its form, until it is issued.
CREATE TABLE batch_line (
    batch_id TEXT   NOT NULL REFERENCES batch (id),
    line     BIGINT NOT NULL,
    sealed   BYTEA,
    state    TEXT   NOT NULL,
    offer_id TEXT   NOT NULL,
    rule     TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    PRIMARY KEY (batch_id, line)
);
CREATE INDEX batch_line_due ON batch_line (due_at) WHERE state = 'WAITING';
