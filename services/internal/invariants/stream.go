package invariants

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// message is one on a stream.
type message struct {
	subject, hash string
	sequence      uint64
	payload       []byte
	header        nats.Header
}

// readStreams reads every message of every producer, oldest first.
func (c *checker) readStreams() (map[string][]message, error) {
	if c.sources.Streams != nil {
		return given(c.sources.Streams), nil
	}
	nc, err := connect(c.sources)
	if err != nil {
		return nil, fmt.Errorf("connect to event bus: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	streams := map[string][]message{}
	for _, producer := range c.topology.Producers {
		if streams[producer], err = readStream(c.ctx, js, eventbus.Stream(producer)); err != nil {
			return nil, fmt.Errorf("read stream of %s: %w", producer, err)
		}
	}
	return streams, nil
}

// given are messages that were read before.
func given(streams map[string][]Streamed) map[string][]message {
	all := map[string][]message{}
	for producer, stored := range streams {
		for _, one := range stored {
			all[producer] = append(all[producer], message{
				subject: one.Subject, hash: eventbus.Hash(one.Data), sequence: one.Sequence, payload: one.Data,
				header: nats.Header{nats.MsgIdHdr: {one.ID}},
			})
		}
	}
	return all
}

func connect(sources Sources) (*nats.Conn, error) {
	passwords, err := sources.Layout.NATS.ReadPasswords()
	if err != nil {
		return nil, err
	}
	ca, err := os.ReadFile(sources.Layout.CAFile)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	user := eventbus.AdminUser
	return nats.Connect(sources.Layout.NATS.URL, nats.UserInfo(user, passwords[user]),
		nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}), nats.CustomInboxPrefix(eventbus.InboxPrefix(user)))
}

func readStream(ctx context.Context, js jetstream.JetStream, name string) ([]message, error) {
	stream, err := eventbus.Ask(ctx, func(ctx context.Context) (jetstream.Stream, error) { return js.Stream(ctx, name) })
	if err != nil {
		return nil, err
	}
	var all []message
	state := stream.CachedInfo().State
	for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
		raw, err := eventbus.Ask(ctx, func(ctx context.Context) (*jetstream.RawStreamMsg, error) { return stream.GetMsg(ctx, sequence) })
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, message{
			subject: raw.Subject, hash: eventbus.Hash(raw.Data), sequence: raw.Sequence, payload: raw.Data, header: raw.Header,
		})
	}
	return all, nil
}
