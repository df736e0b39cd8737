package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Redis is a Cache in a Redis server that several services and processes may
// share; each keeps to its own prefix.
type Redis struct {
	client *redis.Client
	prefix string
}

// OpenRedis makes a Redis from a URL (redis://, rediss:// or unix://). It does
// not connect yet: a server that is down shows as Unavailable in each call and
// in Ready. prefix is the service's name. The caller must Close it.
func OpenRedis(url, prefix string) (*Redis, error) {
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("open redis: the URL must begin with redis://, rediss:// or unix://")
	}
	options.DialTimeout = 2 * time.Second
	options.ReadTimeout = time.Second
	options.WriteTimeout = time.Second
	options.ContextTimeoutEnabled = true
	options.MaxRetries = 1 // a connection that the server closed, not a server that is down
	options.DialerRetries = 1
	quiet()
	return &Redis{client: redis.NewClient(options), prefix: prefix + ":"}, nil
}

// quiet keeps the client library from writing to standard error: every error
// it would tell of is returned.
var quiet = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// Ping says whether the server answers.
func (r *Redis) Ping(ctx context.Context) error { return r.client.Ping(ctx).Err() }

// Close ends the connections.
func (r *Redis) Close() error { return r.client.Close() }

// Ready reports whether the server answers.
func (r *Redis) Ready(ctx context.Context) error {
	return unreachable(r.client.Ping(ctx).Err())
}

// Get implements Cache.
func (r *Redis) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := checkKey(key); err != nil {
		return nil, false, err
	}
	value, err := r.client.Get(ctx, r.prefix+key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, unreachable(err)
	}
	// What Set wrote is marked; the rest is a counter.
	if len(value) > 0 && value[0] == valueMark {
		value = value[1:]
	}
	return value, true, nil
}

// Set implements Cache.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := checkEntry(key, value, ttl); err != nil {
		return err
	}
	marked := append([]byte{valueMark}, value...)
	return unreachable(r.client.Set(ctx, r.prefix+key, marked, ttl).Err())
}

// valueMark begins what Set writes, so that a value of digits is not taken
// for a counter.
const valueMark = '='

// Delete implements Cache.
func (r *Redis) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return unreachable(r.client.Del(ctx, r.prefix+key).Err())
}

// increment counts and sets the time to live of a new counter in one step.
var increment = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return n`)

// Increment implements Cache.
func (r *Redis) Increment(ctx context.Context, key string, ttl time.Duration) (int64, error) {
	if err := checkEntry(key, nil, ttl); err != nil {
		return 0, err
	}
	n, err := increment.Run(ctx, r.client, []string{r.prefix + key}, ttl.Milliseconds()).Int64()
	if err != nil && strings.Contains(err.Error(), "not an integer") {
		return 0, notCounter()
	}
	return n, unreachable(err)
}

func unreachable(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(fmt.Errorf("redis: %w", err), fault.Unavailable, "cache.unreachable", "short-lived state cannot be reached right now")
}
