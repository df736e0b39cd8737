package events

import "github.com/kompetansespor/kompetansespor/services/internal/waiting"

// Waiting are events that must be published, and those that could not be taken.
func Waiting() waiting.Source {
	return waiting.All(
		waiting.Of("events to publish", `SELECT COUNT(*), COALESCE(MIN(created_at), 0), 0 FROM event_outbox WHERE state IN ('waiting', 'missed')`),
		waiting.Of("events parked, or behind one", `SELECT COUNT(*), COALESCE(MIN(received_at), 0), 0 FROM event_inbox WHERE state IN ('parked', 'waiting', 'retry')`),
	)
}
