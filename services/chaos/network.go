package chaos

import (
	"context"
	"time"
)

// The proxy is the network between services: all that they say to each other goes
// through it, but what goes to databases and the event bus.
const proxy = "proxy"

const (
	// halfOpen is how long connections stand that nothing comes through: longer
	// than most deadlines.
	halfOpen = 6 * time.Second
	// slow is how long the network lets something through only every slowFor.
	slow      = 6 * time.Second
	slowFor   = 150 * time.Millisecond
	betweenIt = 30 * time.Millisecond
)

// cutNetwork ends every connection between services at once.
func cutNetwork(_ context.Context, r *run) (string, error) { return r.kill(proxy) }

// halfOpenNetwork lets connections be made, and nothing through.
func halfOpenNetwork(ctx context.Context, r *run) (string, error) {
	return describe("nothing came through the", proxy), r.still(ctx, proxy, halfOpen)
}

// slowNetwork keeps what is said for a while, again and again.
func slowNetwork(ctx context.Context, r *run) (string, error) {
	for end := time.Now().Add(slow); time.Now().Before(end); {
		if err := r.still(ctx, proxy, slowFor); err != nil {
			return "", err
		}
		if err := pause(ctx, betweenIt); err != nil {
			return "", err
		}
	}
	return describe("delayed all that came through the", proxy), nil
}
