package chaos

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// kind is a kind of fault.
type kind struct {
	// cluster says that it needs one, root that it needs to be root, next that it
	// needs another program and comes only when it is asked for.
	cluster, root, next bool
	// begins says that inject has the cases begin itself.
	begins bool
	// inject does it, undoes what does not pass by itself, and says what it did.
	inject func(ctx context.Context, r *run) (what string, err error)
}

var kinds = map[string]kind{
	"kill":               {inject: killService},
	"pause":              {inject: pauseService},
	"nats-kill":          {inject: killNATS},
	"repeated-events":    {inject: repeatEvents},
	"poison-event":       {inject: poisonEvent},
	"stream-deleted":     {inject: deleteStream},
	"message-damaged":    {inject: damageMessages},
	"disk-full":          {root: true, begins: true, inject: fillDisk},
	"power-loss":         {root: true, begins: true, inject: losePower},
	skewed:               {begins: true, inject: skewClock},
	"certificate-expiry": {begins: true, inject: expireCertificates},
	"network-cut":        {cluster: true, inject: cutNetwork},
	"network-half-open":  {cluster: true, inject: halfOpenNetwork},
	"network-slow":       {cluster: true, inject: slowNetwork},
	upgrading:            {next: true, begins: true, inject: upgrade},
	"key-rotation":       {inject: rotateKeys},
	"postgres-crash":     {cluster: true, inject: crashPostgres},
	"postgres-standby":   {cluster: true, inject: killStandby},
	"postgres-failover":  {cluster: true, inject: failOver},
	"redis-kill":         {cluster: true, inject: killRedis},
	"redis-flush":        {cluster: true, inject: flushRedis},
}

// Every crash point is a kind of fault, by its name.
func init() {
	for _, at := range crash.Points() {
		kinds[string(at)] = kind{begins: true, inject: func(ctx context.Context, r *run) (string, error) { return r.crashAt(ctx, at) }}
	}
}

// Kinds are the names of all kinds of fault that a system can have.
func Kinds(cluster bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if k := kinds[name]; (cluster || !k.cluster) && (!k.root || os.Geteuid() == 0) && !k.next {
			names = append(names, name)
		}
	}
	return names
}

func check(cfg Config) error {
	possible := Kinds(cfg.Layout.Cluster != nil)
	for _, name := range cfg.Kinds {
		if !slices.Contains(possible, name) && !(kinds[name].next && len(cfg.Next) >= cfg.Times) {
			return fault.New(fault.Invalid, "chaos.fault", "there is no fault %q here: use %s", name, strings.Join(possible, ", "))
		}
	}
	if len(cfg.Kinds) == 0 || cfg.Times < 1 || len(cfg.Persons) == 0 {
		return fault.New(fault.Invalid, "chaos.nothing", "name a fault, and run one case at least")
	}
	return nil
}

// faultLimit bounds what a fault does itself.
const faultLimit = 45 * time.Second

// one of several, as the seed says.
func (r *run) one(of []string) string { return of[r.random.IntN(len(of))] }

func describe(verb, name string) string { return fmt.Sprintf("%s %s", verb, name) }
