-- +goose Up

-- What became of a granted case: standing is ACTIVE, HALTED or REVOKED, cause
-- says why it was halted or revoked. edition counts how often the view was to be
-- fetched anew because UDI corrected the case.
ALTER TABLE onboarding_case ADD COLUMN standing TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE onboarding_case ADD COLUMN cause TEXT NOT NULL DEFAULT '';
ALTER TABLE onboarding_case ADD COLUMN edition BIGINT NOT NULL DEFAULT 1;
