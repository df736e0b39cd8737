package agent

import "github.com/kompetansespor/kompetansespor/services/internal/waiting"

// Waiting are messages that came and are not acted on, and that must leave.
func Waiting() waiting.Source {
	return waiting.All(
		waiting.Of("messages to act on", `SELECT COUNT(*), COALESCE(MIN(received_at), 0), COALESCE(MAX(attempts), 0) FROM agent_inbox WHERE state = 'waiting'`),
		waiting.Of("messages to send", `SELECT COUNT(*), COALESCE(MIN(created_at), 0), COALESCE(MAX(attempts), 0) FROM agent_outbox WHERE state = 'waiting'`),
	)
}
