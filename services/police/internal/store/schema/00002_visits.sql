-- +goose Up

-- The appointments of a case, one after the other; position is the order in which
-- they were booked. place is which of a slot's places one takes, so that no slot
-- takes more than it has: one that was moved or cancelled gives it back. A case
-- has one at most that is to come or was attended. It holds no personal data:
-- whose it is the sealed view says. checkin is the hash of the code that the
-- worker holds.
CREATE TABLE appointment_visits (
    id              TEXT   NOT NULL PRIMARY KEY,
    position          BIGINT NOT NULL UNIQUE,
    case_ref        TEXT   NOT NULL,
    office_id       TEXT   NOT NULL,
    start_at        BIGINT NOT NULL,
    end_at          BIGINT NOT NULL,
    place           BIGINT NOT NULL,
    origin          TEXT   NOT NULL,
    state           TEXT   NOT NULL,
    cause           TEXT   NOT NULL,
    checkin         TEXT   NOT NULL,
    booked_at       BIGINT NOT NULL,
    officer         TEXT   NOT NULL,
    recorded_at     BIGINT NOT NULL,
    fingerprints_at BIGINT NOT NULL,
    photo_at        BIGINT NOT NULL,
    signature_at    BIGINT NOT NULL
);

-- Until now every visit took 20 minutes, and a card was a column.
INSERT INTO appointment_visits (id, position, case_ref, office_id, start_at, end_at, place, origin, state, cause, checkin, booked_at, officer, recorded_at,
    fingerprints_at, photo_at, signature_at)
SELECT a.id, (SELECT COUNT(*) FROM appointment AS b WHERE b.case_ref <= a.case_ref), a.case_ref, a.office_id, a.start_at, a.start_at + 1200000000, a.place,
    'FIRST', CASE WHEN a.state = 'CARD_ISSUED' THEN 'ATTENDED' ELSE a.state END, '', '', a.booked_at, a.officer, a.attended_at, 0, 0, 0
FROM appointment AS a;

-- The residence card of a worker whose identity was verified. shown is the
-- edition of the view that the digital card shows.
CREATE TABLE residence_card (
    case_ref     TEXT   NOT NULL PRIMARY KEY,
    number       TEXT   NOT NULL UNIQUE,
    state        TEXT   NOT NULL,
    cause        TEXT   NOT NULL,
    shown        BIGINT NOT NULL,
    issued_at    BIGINT NOT NULL,
    ordered_at   BIGINT NOT NULL,
    expected_at  BIGINT NOT NULL,
    produced_at  BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL
);

INSERT INTO residence_card (case_ref, number, state, cause, shown, issued_at, ordered_at, expected_at, produced_at, delivered_at, revoked_at)
SELECT case_ref, card_number, 'NUMBERED', '', 1, card_at, 0, 0, 0, 0, 0 FROM appointment WHERE card_number IS NOT NULL;

DROP TABLE appointment;
ALTER TABLE appointment_visits RENAME TO appointment;

CREATE INDEX appointment_case ON appointment (case_ref, position);
CREATE UNIQUE INDEX appointment_place ON appointment (office_id, start_at, place) WHERE state IN ('BOOKED', 'ATTENDED', 'NOT_CONFIRMED', 'MISSED');
CREATE UNIQUE INDEX appointment_once ON appointment (case_ref) WHERE state IN ('BOOKED', 'ATTENDED');

-- What the police corrected of an identity: fields are the names, sealed has
-- the values.
CREATE TABLE identity_correction (
    case_ref    TEXT   NOT NULL PRIMARY KEY,
    fields      TEXT   NOT NULL,
    sealed      BYTEA  NOT NULL,
    officer     TEXT   NOT NULL,
    recorded_at BIGINT NOT NULL
);

-- The standing of a case that was acted on last, and said so.
CREATE TABLE acted_standing (
    case_ref TEXT NOT NULL PRIMARY KEY,
    standing TEXT NOT NULL,
    cause    TEXT NOT NULL
);

-- Workers who may begin before the decision, bound to one employer.
CREATE TABLE early_start (
    case_ref            TEXT   NOT NULL PRIMARY KEY,
    organisation_number TEXT   NOT NULL,
    officer             TEXT   NOT NULL,
    confirmed_at        BIGINT NOT NULL
);
