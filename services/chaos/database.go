package chaos

import (
	"context"
	"regexp"
	"syscall"

	"github.com/redis/go-redis/v9"

	"github.com/kompetansespor/kompetansespor/services/cluster"
)

// crashPostgres ends the primary at once, without a checkpoint; it recovers from
// its log when it is started again.
func crashPostgres(ctx context.Context, r *run) (string, error) {
	primary, err := cluster.Primary(ctx, r.Layout)
	if err != nil {
		return "", err
	}
	return describe("crashed", primary), cluster.Signal(r.Layout, primary, syscall.SIGQUIT)
}

// killStandby ends a standby: the other is enough for commits to go on.
func killStandby(ctx context.Context, r *run) (string, error) {
	primary, err := cluster.Primary(ctx, r.Layout)
	if err != nil {
		return "", err
	}
	var standbys []string
	for _, name := range cluster.Names(r.Layout)["postgres"] {
		if name != primary {
			standbys = append(standbys, name)
		}
	}
	name := r.one(standbys)
	return describe("crashed", name), cluster.Signal(r.Layout, name, syscall.SIGQUIT)
}

// failOver ends the primary for good and promotes a standby.
func failOver(ctx context.Context, r *run) (string, error) {
	from, to, err := cluster.Failover(ctx, r.Layout)
	return describe("failed over from "+from, "to "+to), err
}

func killRedis(_ context.Context, r *run) (string, error) { return r.kill("redis") }

func flushRedis(ctx context.Context, r *run) (string, error) {
	client := redis.NewClient(&redis.Options{Addr: r.Layout.Cluster.RedisAddr})
	defer func() { _ = client.Close() }()
	return describe("flushed", "redis"), client.FlushAll(ctx).Err()
}

// forgettable are the keys that may be in Redis: docs/operations.md says what each
// loses when it is flushed.
var forgettable = regexp.MustCompile(`^[a-z]+:(did|status|limit):`)

// unforgettable finds keys in Redis that nobody has said may be lost.
func (r *run) unforgettable(ctx context.Context) (breaches []string, err error) {
	if r.Layout.Cluster == nil {
		return nil, nil
	}
	client := redis.NewClient(&redis.Options{Addr: r.Layout.Cluster.RedisAddr})
	defer func() { _ = client.Close() }()
	keys := client.Scan(ctx, 0, "*", 1000).Iterator()
	for keys.Next(ctx) {
		if !forgettable.MatchString(keys.Val()) {
			breaches = append(breaches, "redis: a key of a kind that may not be lost: "+keys.Val())
		}
	}
	return breaches, keys.Err()
}
