-- +goose Up

-- The one appointment of a case. place is which of a slot's places it takes,
-- so that no slot takes more than it has. It holds no personal data: whose it
-- is the sealed view says.
CREATE TABLE appointment (
    id          TEXT   NOT NULL PRIMARY KEY,
    case_ref    TEXT   NOT NULL UNIQUE,
    office_id   TEXT   NOT NULL,
    start_at    BIGINT NOT NULL,
    place       BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    booked_at   BIGINT NOT NULL,
    officer     TEXT   NOT NULL,
    attended_at BIGINT NOT NULL,
    card_number TEXT   UNIQUE,
    card_at     BIGINT NOT NULL,
    UNIQUE (office_id, start_at, place)
);
