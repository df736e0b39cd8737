-- +goose Up

-- An issuer's list with room is found without a look at others' lists, and what a list
-- says without a look at entries that say nothing.
CREATE INDEX status_list_issuer ON status_list (issuer, number);
CREATE INDEX status_entry_marked ON status_entry (list, position) WHERE revoked_at <> 0 OR suspended_at <> 0 OR message <> 0;
