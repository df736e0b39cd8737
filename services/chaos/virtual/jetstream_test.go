package virtual_test

import (
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/chaos/virtual"
	"github.com/kompetansespor/kompetansespor/services/internal/eventbus/bustest"
)

func TestSimulatedJetStreamKeepsTheContractOfTheRealOne(t *testing.T) {
	bustest.Contract(t, func(*testing.T) bustest.Bus {
		now := &clock{time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)}
		bus := &virtual.JetStream{Clock: now}
		return bustest.Bus{
			Publisher: func(producer string) bustest.Publisher { return bus.Of(producer).Publisher(producer) },
			Consumer: func(service, producer string) bustest.Consumer {
				return bus.Of(service).Consumer(producer)
			},
			Pass: func(d time.Duration) { now.Time = now.Add(d) },
		}
	})
}

// clock is moved by hand.
type clock struct{ time.Time }

func (c *clock) Now() time.Time { return c.Time }
