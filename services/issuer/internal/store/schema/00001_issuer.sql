-- +goose Up

-- An offer. terms are sealed (they are the worker's data); code_salt and
-- code_sum are what is kept of the collection code; code_sealed is the code
-- itself until somebody collects, for an employer whose answer got lost.
CREATE TABLE offer (
    id                TEXT   NOT NULL PRIMARY KEY,
    tenant            TEXT   NOT NULL,
    idempotency_key   TEXT   NOT NULL,
    form_hash         TEXT   NOT NULL,
    credential_id     TEXT   NOT NULL,
    terms             BYTEA  NOT NULL,
    accreditation_ref TEXT   NOT NULL,
    state             TEXT   NOT NULL,
    code_salt         BYTEA  NOT NULL,
    code_sum          BYTEA  NOT NULL,
    code_sealed       BYTEA,
    wrong_codes       BIGINT NOT NULL,
    connection        TEXT   NOT NULL,
    issued_at         BIGINT NOT NULL,
    collected_at      BIGINT NOT NULL,
    delivered_at      BIGINT NOT NULL,
    withdrawn_at      BIGINT NOT NULL,
    withdraw_reason   TEXT   NOT NULL,
    traceparent       TEXT   NOT NULL,
    UNIQUE (tenant, idempotency_key)
);
CREATE INDEX offer_tenant ON offer (tenant, issued_at);

-- Who authorised what, for ever: the employer's signature on an offer.
CREATE TABLE authorisation (
    offer_id      TEXT   NOT NULL PRIMARY KEY REFERENCES offer (id),
    tenant        TEXT   NOT NULL,
    token_hash    TEXT   NOT NULL,
    authorised_by TEXT   NOT NULL,
    form_hash     TEXT   NOT NULL,
    at            BIGINT NOT NULL
);

-- What happened to an offer, for the employer's timeline.
CREATE TABLE offer_step (
    offer_id   TEXT   NOT NULL REFERENCES offer (id),
    position   BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    time_class TEXT   NOT NULL,
    event_id   TEXT   NOT NULL,
    event_type TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (offer_id, position)
);

-- Mail that waits to leave; sealed, since it holds an address and a name.
CREATE TABLE mail_outbox (
    id       TEXT   NOT NULL PRIMARY KEY,
    sealed   BYTEA  NOT NULL,
    due_at   BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    state    TEXT   NOT NULL
);
