package eventbus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// ErrHashMismatch says that the stream holds another payload, or the same one
// for another case, under the id of this event: somebody tries to suppress
// it. It raises an alarm and must never be taken for success.
var ErrHashMismatch = errors.New("the stream holds another payload under this event's id")

// ackWait bounds a publish whose context has no earlier deadline.
const ackWait = 5 * time.Second

// Publisher publishes one producer's events.
type Publisher struct {
	conn   *Conn
	stream string
}

// NewPublisher makes the publisher of a producer's stream.
func NewPublisher(conn *Conn, producer string) *Publisher {
	return &Publisher{conn: conn, stream: Stream(producer)}
}

// Publish puts payload on the stream under id and returns its place there. It
// returns nil only when the stream holds exactly this payload under this id,
// synced to disk; ErrHashMismatch when it holds another one; Unavailable when
// that is not known, or the stream is full. Publishing again is safe.
func (p *Publisher) Publish(ctx context.Context, subject, id string, payload []byte) (uint64, error) {
	ctx, cancel := p.conn.asking(ctx, ackWait)
	defer cancel()
	msg := &nats.Msg{Subject: subject, Data: payload, Header: nats.Header{
		nats.MsgIdHdr:          {id},
		nats.ExpectedStreamHdr: {p.stream},
		"Content-Type":         {"application/cloudevents+json"},
	}}
	reply, err := p.conn.nc.RequestMsgWithContext(ctx, msg)
	if err != nil {
		return 0, unavailable(err, "publish event")
	}
	var ack struct {
		Stream    string    `json:"stream"`
		Sequence  uint64    `json:"seq"`
		Duplicate bool      `json:"duplicate"`
		Error     *apiError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &ack); err != nil {
		return 0, unavailable(err, "publish event")
	}
	switch {
	case ack.Error != nil:
		return 0, unavailable(ack.Error, "publish event")
	case ack.Stream != p.stream || ack.Sequence == 0:
		return 0, unavailable(errors.New("another stream answered"), "publish event")
	case ack.Duplicate:
		return ack.Sequence, p.compare(ctx, ack.Sequence, subject, id, payload)
	}
	return ack.Sequence, nil
}

// compare reads back what the stream took for the same event.
func (p *Publisher) compare(ctx context.Context, sequence uint64, subject, id string, payload []byte) error {
	question := fmt.Appendf(nil, `{"seq":%d}`, sequence)
	reply, err := p.conn.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+p.stream, question)
	if err != nil {
		return unavailable(err, "read event back")
	}
	var got struct {
		Message *struct {
			Subject string `json:"subject"`
			Data    []byte `json:"data"`
		} `json:"message"`
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &got); err != nil {
		return unavailable(err, "read event back")
	}
	switch {
	case got.Error != nil:
		return unavailable(got.Error, "read event back")
	case got.Message == nil:
		return unavailable(errors.New("no message in the answer"), "read event back")
	case got.Message.Subject != subject || !bytes.Equal(got.Message.Data, payload):
		return fault.Wrap(ErrHashMismatch, fault.Conflict, "eventbus.hash-mismatch",
			"the stream holds another payload under the id of event %s", id)
	}
	return nil
}

// apiError is an error as the JetStream API answers it.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

func (e *apiError) Error() string { return fmt.Sprintf("%s (%d)", e.Description, e.ErrCode) }
