package onboarding

import "github.com/kompetansespor/kompetansespor/services/internal/waiting"

// Waiting are cases that a step is to work on.
func Waiting() waiting.Source {
	return waiting.Of("cases to work on", `
		SELECT COUNT(*), COALESCE(MIN(due_at), 0), COALESCE(MAX(attempts), 0) FROM onboarding_case WHERE state IN ('NOTIFIED', 'KNOWN') AND due_at > 0`)
}
