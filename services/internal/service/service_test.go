package service_test

import (
	"errors"
	"io"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/kompetansespor/kompetansespor/services/internal/config"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
)

// wallet is the configuration of a service without an event bus.
type wallet struct {
	config.Common `yaml:",inline"`
}

func (w *wallet) Validate() []fault.Violation { return w.Common.Validate(config.Needs{}) }

func open(t *testing.T, redisURL string) (*service.Service, error) {
	t.Helper()
	layout, err := devsetup.Prepare(t.TempDir(), devsetup.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var cfg wallet
	if err := config.Load(layout.Services["wallet"].ConfigFile, &cfg, []string{"KOMPETANSESPOR_REDIS_URL=" + redisURL}); err != nil {
		t.Fatal(err)
	}
	return service.Open(t.Context(), cfg.Common, io.Discard)
}

func TestCloseLetsGoOfRedis(t *testing.T) {
	// Nobody listens there: a client that is closed says so before it looks.
	s, err := open(t, "redis://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Cache.Get(t.Context(), "key"); fault.KindOf(err) != fault.Unavailable || errors.Is(err, redis.ErrClosed) {
		t.Errorf("while it is open: %v", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Cache.Get(t.Context(), "key"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("once it is closed: %v", err)
	}
}

func TestServiceThatCannotBeOpenedIsClosed(t *testing.T) {
	if _, err := open(t, "redis://127.0.0.1:1/no-number"); err == nil {
		t.Error("a Redis URL without a database's number was taken")
	}
}
