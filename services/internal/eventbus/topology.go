package eventbus

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Topology is who tells whom: a stream for each producer, a durable consumer
// for each service and each producer it listens to.
type Topology struct {
	// Producers are the services that publish.
	Producers []string
	// Consumers maps a service to the producers it listens to.
	Consumers map[string][]string
	// Replicas of each stream: 1 for an embedded server, 3 in a cluster.
	Replicas int
	// MaxAge is how long a stream keeps an event.
	MaxAge time.Duration
	// MaxBytes is the size of a stream; a full one refuses new events.
	MaxBytes int64
}

// MaxAge is how long a stream of the standard topology keeps an event.
const MaxAge = 90 * 24 * time.Hour

// Standard is the topology of Kompetansespor.
func Standard(replicas int) Topology {
	return Topology{
		Producers: []string{"issuer", "registry", "verifier", "police", "tax", "bank"},
		Consumers: map[string][]string{
			"police":   {"verifier"},
			"tax":      {"verifier", "police"},
			"bank":     {"verifier", "tax"},
			"verifier": {"police", "tax", "bank", "issuer", "registry"},
			"issuer":   {"registry", "verifier", "tax", "bank"},
		},
		Replicas: replicas,
		MaxAge:   MaxAge,
		MaxBytes: 512 << 20,
	}
}

// Users are the services that need NATS credentials, sorted.
func (t Topology) Users() []string {
	users := slices.Concat(t.Producers, slices.Collect(maps.Keys(t.Consumers)))
	slices.Sort(users)
	return slices.Compact(users)
}

// Stream is the name of a producer's stream.
func Stream(producer string) string { return "KS_" + strings.ToUpper(producer) }

// Durable is the name of a service's consumer on each stream it listens to.
func Durable(service string) string { return service }

// InboxPrefix begins the subjects on which a user gets answers.
func InboxPrefix(user string) string { return "_INBOX_" + user }

// AdminUser makes streams and consumers and may do everything.
const AdminUser = "admin"

// Permissions are the subjects that a user may publish and subscribe to:
// its own events, acknowledgements and pulls of its own consumers, reading
// its own stream back, and its own inbox. Nothing else of $JS.API.
func (t Topology) Permissions(user string) (publish, subscribe []string) {
	if slices.Contains(t.Producers, user) {
		publish = append(publish, "ks."+user+".>", "$JS.API.STREAM.MSG.GET."+Stream(user), "$JS.API.STREAM.INFO."+Stream(user))
	}
	for _, producer := range t.Consumers[user] {
		at := Stream(producer) + "." + Durable(user)
		publish = append(publish,
			"$JS.ACK."+at+".>", "$JS.API.CONSUMER.INFO."+at, "$JS.API.CONSUMER.MSG.NEXT."+at)
	}
	return publish, []string{InboxPrefix(user) + ".>"}
}
