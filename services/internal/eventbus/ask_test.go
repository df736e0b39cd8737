package eventbus_test

import (
	"context"
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// What is not answered is asked again; an answer is an answer, a refusal too.
func TestAskAsksUntilThereIsAnAnswer(t *testing.T) {
	refusal := errors.New("no")
	for name, c := range map[string]struct {
		said  []error
		asked int
		want  error
	}{
		"at once":                {[]error{nil}, 1, nil},
		"nobody there":           {[]error{nats.ErrNoResponders, nil}, 2, nil},
		"lost with a server":     {[]error{context.DeadlineExceeded, nats.ErrDisconnected, nil}, 3, nil},
		"no leader":              {[]error{&jetstream.APIError{Code: 503, ErrorCode: 10008}, nil}, 2, nil},
		"refused":                {[]error{refusal, nil}, 1, refusal},
		"there is no such":       {[]error{jetstream.ErrStreamNotFound, nil}, 1, jetstream.ErrStreamNotFound},
		"lost, and then refused": {[]error{nats.ErrTimeout, refusal}, 2, refusal},
	} {
		asked := 0
		answer, err := eventbus.Ask(t.Context(), func(context.Context) (int, error) {
			asked++
			return asked, c.said[asked-1]
		})
		if asked != c.asked || answer != asked || !errors.Is(err, c.want) {
			t.Errorf("%s: asked %d times, got %d, %v", name, asked, answer, err)
		}
	}
}

// Who has gone does not ask again.
func TestAskEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	asked := 0
	_, err := eventbus.Ask(ctx, func(context.Context) (int, error) {
		asked++
		cancel()
		return 0, nats.ErrTimeout
	})
	if asked != 1 || !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("asked %d times, %v", asked, err)
	}
}
