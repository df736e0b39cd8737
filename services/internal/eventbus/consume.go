package eventbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
)

// maxPull bounds one pull, so that one lost with its server costs no more.
const maxPull = 5 * time.Second

// Msg is one message of a stream. Exactly one of Ack and Nak is called, once
// the message is durably taken or is to come again. A message without either
// comes again after 5 s.
type Msg struct {
	Data      []byte
	Subject   string
	StreamSeq uint64
	// Deliveries counts how often it came, from 1.
	Deliveries uint64
	// Ack says that the message is durably taken.
	Ack func() error
	// Nak asks for it again after a delay.
	Nak func(delay time.Duration) error
}

// Consumer takes the events of one producer for one service, from a durable
// consumer that the admin made.
type Consumer struct {
	conn *Conn
	next string
}

// NewConsumer makes service's consumer of producer's stream.
func NewConsumer(conn *Conn, service, producer string) *Consumer {
	return &Consumer{conn: conn, next: "$JS.API.CONSUMER.MSG.NEXT." + Stream(producer) + "." + Durable(service)}
}

// Fetch returns up to most messages as soon as there is one, or none after
// wait (at most 5 s). Messages come at least once, those of a subject in
// order while none is sent back. The error is Unavailable when the bus does
// not answer; ctx's own error when it ends.
func (c *Consumer) Fetch(ctx context.Context, most int, wait time.Duration) ([]Msg, error) {
	if most < 1 {
		return nil, nil
	}
	if wait <= 0 {
		return c.pull(ctx, fmt.Sprintf(`{"batch":%d,"no_wait":true}`, most), most, ackWait)
	}
	// With both, the server waits for the first, and ends the request behind what has
	// come with it.
	wait = min(wait, maxPull)
	return c.pull(ctx, fmt.Sprintf(`{"batch":%d,"no_wait":true,"expires":%d}`, most, wait.Nanoseconds()), most, wait+time.Second)
}

// pull sends one pull request and collects its answers.
func (c *Consumer) pull(ctx context.Context, request string, most int, patience time.Duration) ([]Msg, error) {
	inner, cancel := c.conn.asking(ctx, patience)
	defer cancel()
	arrived := make(chan *nats.Msg, most+2)
	sub, err := c.conn.nc.ChanSubscribe(c.conn.nc.NewInbox(), arrived)
	if err != nil {
		return nil, unavailable(err, "fetch events")
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only on a closed connection
	if err := c.conn.nc.PublishRequest(c.next, sub.Subject, []byte(request)); err != nil {
		return nil, unavailable(err, "fetch events")
	}
	var msgs []Msg
	for len(msgs) < most {
		select {
		case <-inner.Done():
			if len(msgs) > 0 {
				return msgs, nil
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, unavailable(inner.Err(), "fetch events")
		case m := <-arrived:
			if status := m.Header.Get("Status"); status != "" && len(m.Data) == 0 {
				end, err := readStatus(status, m.Header.Get("Description"))
				if err != nil && len(msgs) == 0 {
					return nil, unavailable(err, "fetch events")
				}
				if end || err != nil {
					return msgs, nil
				}
				continue
			}
			msg, err := c.message(m)
			if err != nil {
				return msgs, unavailable(err, "fetch events")
			}
			if msgs = append(msgs, msg); len(msgs) == 1 {
				// The end comes at once, unless it was lost with its server.
				var done context.CancelFunc
				inner, done = context.WithTimeout(inner, time.Second)
				defer done()
			}
		}
	}
	return msgs, nil
}

// readStatus understands the answers to a pull that are no messages: end says
// that no more will come, err that something is wrong.
func readStatus(status, description string) (end bool, err error) {
	switch status {
	case "100": // heartbeat
		return false, nil
	case "404", "408": // nothing there, nothing more in time
		return true, nil
	}
	return true, errors.New("status " + status + " " + description)
}

func (c *Consumer) message(m *nats.Msg) (Msg, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Msg{}, err
	}
	answer := func(verdict string) error {
		if err := c.conn.nc.Publish(m.Reply, []byte(verdict)); err != nil {
			return unavailable(err, "acknowledge event")
		}
		return nil
	}
	return Msg{
		Data: m.Data, Subject: m.Subject, StreamSeq: meta.Sequence.Stream, Deliveries: meta.NumDelivered,
		Ack: func() error { return answer("+ACK") },
		Nak: func(delay time.Duration) error {
			return answer(fmt.Sprintf(`-NAK {"delay":%d}`, max(delay, 0).Nanoseconds()))
		},
	}, nil
}
