-- +goose Up

-- An invitation, or the credential of an application, begins one exchange of a
-- holder. Once that was refused it may begin another.
CREATE UNIQUE INDEX exchange_once ON exchange (holder, invitation) WHERE invitation <> '' AND state <> 'refused';
