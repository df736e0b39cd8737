package chaos

import (
	"context"
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
