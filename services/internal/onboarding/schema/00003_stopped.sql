-- +goose Up

-- Those that were halted or revoked are few; lists of them find them by this.
CREATE INDEX onboarding_case_stopped ON onboarding_case (case_ref) WHERE standing <> 'ACTIVE';
