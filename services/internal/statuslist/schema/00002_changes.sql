-- +goose Up

-- An entry is revoked for good, suspended until that is lifted, and has a
-- message; 0 for none of them.
ALTER TABLE status_entry ADD COLUMN suspended_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE status_entry ADD COLUMN message BIGINT NOT NULL DEFAULT 0;

-- What was done to which entry, by whom and why: one row for each version of a
-- list. what is revoked, suspended, reinstated or message.
CREATE TABLE status_change (
    list          BIGINT NOT NULL REFERENCES status_list (number),
    version       BIGINT NOT NULL,
    credential_id TEXT   NOT NULL,
    what          TEXT   NOT NULL,
    message       BIGINT NOT NULL,
    changed_by    TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    changed_at    BIGINT NOT NULL,
    PRIMARY KEY (list, version)
);
CREATE INDEX status_change_credential ON status_change (credential_id);

-- Until now each version was a revocation, and its reason stood in the entry.
INSERT INTO status_change (list, version, credential_id, what, message, changed_by, reason, changed_at)
SELECT e.list, 1 + ROW_NUMBER() OVER (PARTITION BY e.list ORDER BY e.revoked_at, e.position),
       e.credential_id, 'revoked', 0, l.issuer, e.reason, e.revoked_at
FROM status_entry e JOIN status_list l ON l.number = e.list
WHERE e.revoked_at <> 0;

ALTER TABLE status_entry DROP COLUMN reason;
