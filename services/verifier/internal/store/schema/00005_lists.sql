-- +goose Up

-- A list finds the cases of a state by this; the expression is the store's listState.
CREATE INDEX case_file_listed ON case_file ((CASE
    WHEN state IN ('FEE_DUE', 'RECEIVED', 'PROPOSED', 'AWAITING_NEW_OFFER') AND offer_withdrawn = 1 THEN 'WITHDRAWN'
    WHEN state IN ('RECEIVED', 'PROPOSED') THEN 'OPEN' ELSE state END), position);
