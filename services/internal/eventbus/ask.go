package eventbus

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// askLimit is how long a question is asked at most: longer than a stream takes
	// to choose another leader.
	askLimit = 30 * time.Second
	// askAgainAfter is how long one asking waits for its answer, askPause what
	// passes after an answer that nobody is there.
	askAgainAfter = 2 * time.Second
	askPause      = 100 * time.Millisecond
)

// Ask puts a question to JetStream, and again while nobody answers: a server
// drops what is asked of a stream that has no leader at that moment, and what was
// lost with a server is never answered. The question must do no harm when it is
// asked twice. It ends with ctx, or after 30 s.
func Ask[T any](ctx context.Context, question func(ctx context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	for {
		once, cancel := context.WithTimeout(ctx, askAgainAfter)
		answer, err := question(once)
		cancel()
		if !unanswered(err) || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, err
		case <-time.After(askPause):
		}
	}
}

// unanswered says that an error is the want of an answer, and no answer.
func unanswered(err error) bool {
	var refused jetstream.JetStreamError
	if errors.As(err, &refused) && refused.APIError() != nil {
		return refused.APIError().Code == http.StatusServiceUnavailable
	}
	for _, lost := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting,
		jetstream.ErrNoStreamResponse,
	} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}
