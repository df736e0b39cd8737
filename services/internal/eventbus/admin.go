package eventbus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Admin makes streams and consumers, with the admin user's connection.
type Admin struct {
	conn *Conn
}

// NewAdmin makes an Admin.
func NewAdmin(conn *Conn) *Admin { return &Admin{conn: conn} }

// Reconcile makes what the topology names and the server lacks. What is there
// but differs is reported as drift, one sentence each, and left as it is:
// changing a stream under running services is a person's decision. Streams
// and consumers that the topology does not name are drift, too.
func (a *Admin) Reconcile(ctx context.Context, t Topology) (drift []string, err error) {
	js, err := jetstream.New(a.conn.nc)
	if err != nil {
		return nil, fmt.Errorf("reconcile event bus: %w", err)
	}
	for _, producer := range t.Producers {
		found, err := reconcileStream(ctx, js, t.stream(producer))
		if err != nil {
			return nil, fmt.Errorf("reconcile stream %s: %w", Stream(producer), err)
		}
		drift = append(drift, found...)
	}
	for _, service := range slices.Sorted(maps.Keys(t.Consumers)) {
		for _, producer := range t.Consumers[service] {
			found, err := reconcileConsumer(ctx, js, Stream(producer), consumerConfig(service))
			if err != nil {
				return nil, fmt.Errorf("reconcile consumer %s of %s: %w", service, Stream(producer), err)
			}
			drift = append(drift, found...)
		}
	}
	extra, err := Ask(ctx, func(ctx context.Context) ([]string, error) { return t.unnamed(ctx, js) })
	if err != nil {
		return nil, fmt.Errorf("reconcile event bus: %w", err)
	}
	return append(drift, extra...), nil
}

// Recreate deletes the streams of a topology, with all that is on them, and makes
// them anew. It is for a system whose databases were restored: the streams hold what
// these no longer know.
func (a *Admin) Recreate(ctx context.Context, t Topology) (drift []string, err error) {
	js, err := jetstream.New(a.conn.nc)
	if err != nil {
		return nil, fmt.Errorf("recreate streams: %w", err)
	}
	for _, producer := range t.Producers {
		_, err := Ask(ctx, func(ctx context.Context) (bool, error) { return true, js.DeleteStream(ctx, Stream(producer)) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return nil, fmt.Errorf("delete stream %s: %w", Stream(producer), err)
		}
	}
	return a.Reconcile(ctx, t)
}

func (t Topology) stream(producer string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:       Stream(producer),
		Subjects:   []string{"ks." + producer + ".>"},
		Retention:  jetstream.LimitsPolicy,
		Discard:    jetstream.DiscardNew,
		MaxAge:     t.MaxAge,
		MaxBytes:   t.MaxBytes,
		MaxMsgSize: 2 * MaxPayload, // headers count
		Storage:    jetstream.FileStorage,
		Replicas:   t.Replicas,
		Duplicates: 2 * time.Minute,
		DenyDelete: true,
		DenyPurge:  true,
	}
}

// ackLimit is how long a consumer may have a message before it is offered again:
// how long events stand still that a process had taken when it died. An inbox
// takes a repeat for what it is.
const ackLimit = 5 * time.Second

func consumerConfig(service string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable:       Durable(service),
		DeliverPolicy: jetstream.DeliverAllPolicy,
		AckPolicy:     jetstream.AckExplicitPolicy,
		AckWait:       ackLimit,
		MaxDeliver:    -1,
		MaxAckPending: 1000,
		ReplayPolicy:  jetstream.ReplayInstantPolicy,
	}
}

func reconcileStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) ([]string, error) {
	stream, err := Ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, want.Name) })
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = Ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.CreateStream(ctx, want) })
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	got := stream.CachedInfo().Config
	var drift []string
	differ := func(name string, differs bool, got, want any) {
		if differs {
			drift = append(drift, fmt.Sprintf("stream %s: %s is %v, not %v", stream.CachedInfo().Config.Name, name, got, want))
		}
	}
	differ("subjects", !slices.Equal(got.Subjects, want.Subjects), got.Subjects, want.Subjects)
	differ("retention", got.Retention != want.Retention, got.Retention, want.Retention)
	differ("discard", got.Discard != want.Discard, got.Discard, want.Discard)
	differ("max age", got.MaxAge != want.MaxAge, got.MaxAge, want.MaxAge)
	differ("max bytes", got.MaxBytes != want.MaxBytes, got.MaxBytes, want.MaxBytes)
	differ("max message size", got.MaxMsgSize != want.MaxMsgSize, got.MaxMsgSize, want.MaxMsgSize)
	differ("storage", got.Storage != want.Storage, got.Storage, want.Storage)
	differ("replicas", got.Replicas != want.Replicas, got.Replicas, want.Replicas)
	differ("duplicate window", got.Duplicates != want.Duplicates, got.Duplicates, want.Duplicates)
	differ("deny delete", got.DenyDelete != want.DenyDelete, got.DenyDelete, want.DenyDelete)
	differ("deny purge", got.DenyPurge != want.DenyPurge, got.DenyPurge, want.DenyPurge)
	return drift, nil
}

func reconcileConsumer(ctx context.Context, js jetstream.JetStream, stream string, want jetstream.ConsumerConfig) ([]string, error) {
	consumer, err := Ask(ctx, func(ctx context.Context) (jetstream.Consumer, error) { return js.Consumer(ctx, stream, want.Durable) })
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		// The same consumer made twice is made once.
		_, err = Ask(ctx, func(ctx context.Context) (jetstream.Consumer, error) {
			return js.CreateOrUpdateConsumer(ctx, stream, want)
		})
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	got := consumer.CachedInfo().Config
	var drift []string
	differ := func(name string, differs bool, got, want any) {
		if differs {
			drift = append(drift, fmt.Sprintf("consumer %s of %s: %s is %v, not %v", consumer.CachedInfo().Config.Durable, stream, name, got, want))
		}
	}
	differ("deliver policy", got.DeliverPolicy != want.DeliverPolicy, got.DeliverPolicy, want.DeliverPolicy)
	differ("ack policy", got.AckPolicy != want.AckPolicy, got.AckPolicy, want.AckPolicy)
	differ("ack wait", got.AckWait != want.AckWait, got.AckWait, want.AckWait)
	differ("max deliver", got.MaxDeliver != want.MaxDeliver, got.MaxDeliver, want.MaxDeliver)
	differ("max ack pending", got.MaxAckPending != want.MaxAckPending, got.MaxAckPending, want.MaxAckPending)
	differ("filter", got.FilterSubject != "" || len(got.FilterSubjects) > 0, got.FilterSubject, "none")
	return drift, nil
}

// unnamed finds streams and consumers that nobody asked for.
func (t Topology) unnamed(ctx context.Context, js jetstream.JetStream) (drift []string, err error) {
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		at := slices.IndexFunc(t.Producers, func(p string) bool { return Stream(p) == name })
		if at < 0 {
			drift = append(drift, "stream "+name+": is not in the topology")
			continue
		}
		stream, err := js.Stream(ctx, name)
		if err != nil {
			return nil, err
		}
		consumers := stream.ConsumerNames(ctx)
		for consumer := range consumers.Name() {
			listens := slices.Contains(t.Consumers[consumer], t.Producers[at])
			if !listens {
				drift = append(drift, "consumer "+consumer+" of "+name+": is not in the topology")
			}
		}
		if err := consumers.Err(); err != nil {
			return nil, err
		}
	}
	return drift, names.Err()
}
