package chaos

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// bus is the event bus as its admin sees it.
func (r *run) bus(f func(jetstream.JetStream) (string, error)) (string, error) {
	passwords, err := r.Layout.NATS.ReadPasswords()
	if err != nil {
		return "", err
	}
	user := eventbus.AdminUser
	nc, err := nats.Connect(r.Layout.NATS.URL, nats.UserInfo(user, passwords[user]),
		nats.Secure(&tls.Config{RootCAs: r.Target.Authorities, MinVersion: tls.VersionTLS12}), nats.CustomInboxPrefix(eventbus.InboxPrefix(user)),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.ReconnectWait(lookEvery))
	if err != nil {
		return "", err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return "", err
	}
	return f(js)
}

// producer draws one of those that have a stream.
func (r *run) producer() string { return r.one(eventbus.Standard(1).Producers) }

// everything on a producer's stream, as it stands now.
func everything(ctx context.Context, js jetstream.JetStream, producer string) (all []*jetstream.RawStreamMsg, err error) {
	stream, err := eventbus.Ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, eventbus.Stream(producer)) })
	if err != nil {
		return nil, err
	}
	state := stream.CachedInfo().State
	for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
		msg, err := eventbus.Ask(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) { return stream.GetMsg(ctx, sequence) })
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, msg)
	}
	return all, nil
}

// answers waits until every stream does.
func (r *run) answers(ctx context.Context) error {
	_, err := r.bus(func(js jetstream.JetStream) (string, error) {
		for _, producer := range eventbus.Standard(1).Producers {
			if _, err := eventbus.Ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, eventbus.Stream(producer)) }); err != nil {
				return "", err
			}
		}
		return "", nil
	})
	return err
}

// repeatEvents publishes all that is on a stream three times more, shuffled.
func repeatEvents(ctx context.Context, r *run) (string, error) {
	producer := r.producer()
	return r.bus(func(js jetstream.JetStream) (string, error) {
		all, err := everything(ctx, js, producer)
		if err != nil {
			return "", err
		}
		for i := range 3 {
			r.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for _, msg := range all {
				// Under an id of its own, or the stream would drop it.
				again := nats.NewMsg(msg.Subject)
				again.Data = msg.Data
				again.Header.Set(nats.MsgIdHdr, fmt.Sprintf("%s.%d.%d", msg.Header.Get(nats.MsgIdHdr), i, r.random.Uint64()))
				if _, err := eventbus.Ask(ctx, func(ctx context.Context) (*jetstream.PubAck, error) { return js.PublishMsg(ctx, again) }); err != nil {
					return "", err
				}
			}
		}
		return fmt.Sprintf("three times %d events of %s", len(all), producer), nil
	})
}

// poisonEvent puts what is no event on the subject of a case under way.
func poisonEvent(ctx context.Context, r *run) (string, error) {
	producer := r.producer()
	return r.bus(func(js jetstream.JetStream) (string, error) {
		all, err := everything(ctx, js, producer)
		if err != nil {
			return "", err
		}
		subject := eventbus.Subject(producer, "case_poison")
		if len(all) > 0 {
			subject = all[r.random.IntN(len(all))].Subject
		}
		payload := fmt.Appendf(nil, `{"specversion":"1.0","id":%q,"poison":`, strings.Repeat("x", r.random.IntN(64)+1))
		r.injected = append(r.injected, payload)
		_, err = eventbus.Ask(ctx, func(ctx context.Context) (*jetstream.PubAck, error) { return js.Publish(ctx, subject, payload) })
		return "poison from " + producer, err
	})
}

// deleteStream deletes a producer's stream and makes it anew, empty.
func deleteStream(ctx context.Context, r *run) (string, error) {
	producer := r.producer()
	return r.bus(func(js jetstream.JetStream) (string, error) {
		_, err := eventbus.Ask(ctx, func(ctx context.Context) (bool, error) { return true, js.DeleteStream(ctx, eventbus.Stream(producer)) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) { // the answer to the first asking may have been lost
			return "", err
		}
		replicas := 1
		if r.Layout.Cluster != nil {
			replicas = len(r.Layout.Cluster.NATS)
		}
		passwords, err := r.Layout.NATS.ReadPasswords()
		if err != nil {
			return "", err
		}
		admin, err := eventbus.Connect(eventbus.Config{
			URL: r.Layout.NATS.URL, User: eventbus.AdminUser, Password: passwords[eventbus.AdminUser], CA: r.Target.Authorities,
		})
		if err != nil {
			return "", err
		}
		defer admin.Close()
		_, err = eventbus.NewAdmin(admin).Reconcile(ctx, eventbus.Standard(replicas))
		return "deleted the stream of " + producer, err
	})
}
