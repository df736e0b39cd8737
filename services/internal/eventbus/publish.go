package eventbus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// ErrHashMismatch says that the stream holds another payload, or the same one
// for another case, under the id of this event: somebody tries to suppress
// it. It raises an alarm and must never be taken for success.
var ErrHashMismatch = errors.New("the stream holds another payload under this event's id")

// ErrNotNext says that the last message on the subject is not the one that was
// expected there: somebody else has published, or the stream has lost or
// forgotten what was.
var ErrNotNext = errors.New("another message is the last on this subject")

// Anywhere stands for no expectation of what is last on a subject.
const Anywhere = math.MaxUint64

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

// Publish puts payload on the stream under id, as the next on its subject after
// the message at the place after, 0 for none, and returns its own place. It
// returns nil only when the stream holds exactly this payload under this id,
// synced to disk; ErrHashMismatch when it holds another one; ErrNotNext, and
// nothing is published, when something else is last on the subject; Unavailable
// when that is not known, or the stream is full. Publishing again is safe.
func (p *Publisher) Publish(ctx context.Context, subject, id string, payload []byte, after uint64) (uint64, error) {
	ctx, cancel := p.conn.asking(ctx, ackWait)
	defer cancel()
	msg := &nats.Msg{Subject: subject, Data: payload, Header: nats.Header{
		nats.MsgIdHdr:          {id},
		nats.ExpectedStreamHdr: {p.stream},
		"Content-Type":         {"application/cloudevents+json"},
	}}
	if after != Anywhere {
		msg.Header.Set(nats.ExpectedLastSubjSeqHdr, strconv.FormatUint(after, 10))
	}
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
	case ack.Error != nil && ack.Error.ErrCode == wrongLast:
		return 0, fault.Wrap(ErrNotNext, fault.Conflict, "eventbus.not-next", "event %s is not the next on its subject", id)
	case ack.Error != nil:
		return 0, unavailable(ack.Error, "publish event")
	case ack.Stream != p.stream || ack.Sequence == 0:
		return 0, unavailable(errors.New("another stream answered"), "publish event")
	case ack.Duplicate:
		return ack.Sequence, p.compare(ctx, ack.Sequence, subject, id, payload)
	}
	return ack.Sequence, nil
}

// Codes of the JetStream API (errors.json of nats-server).
const (
	wrongLast = 10071 // JSStreamWrongLastSequenceErrF
	noMessage = 10037 // JSNoMessageFoundErr
)

// Stored is a message as the stream holds it. The zero value is none.
type Stored struct {
	Subject  string `json:"subject"`
	Sequence uint64 `json:"seq"`
	Data     []byte `json:"data"`
}

// Last gives the last message on one of the producer's subjects.
func (p *Publisher) Last(ctx context.Context, subject string) (Stored, error) {
	return p.read(ctx, map[string]any{"last_by_subj": subject})
}

// At gives the message at a place of the producer's stream.
func (p *Publisher) At(ctx context.Context, sequence uint64) (Stored, error) {
	return p.read(ctx, map[string]any{"seq": sequence})
}

func (p *Publisher) read(ctx context.Context, of map[string]any) (Stored, error) {
	question, err := json.Marshal(of)
	if err != nil {
		return Stored{}, err
	}
	ctx, cancel := p.conn.asking(ctx, ackWait)
	defer cancel()
	reply, err := p.conn.nc.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+p.stream, question)
	if err != nil {
		return Stored{}, unavailable(err, "read event back")
	}
	var got struct {
		Message Stored    `json:"message"`
		Error   *apiError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &got); err != nil {
		return Stored{}, unavailable(err, "read event back")
	}
	if got.Error != nil && got.Error.ErrCode != noMessage {
		return Stored{}, unavailable(got.Error, "read event back")
	}
	return got.Message, nil
}

// Fill gives how many bytes the producer's stream has, and how many it may.
func (p *Publisher) Fill(ctx context.Context) (used, most uint64, err error) {
	ctx, cancel := p.conn.asking(ctx, ackWait)
	defer cancel()
	reply, err := p.conn.nc.RequestWithContext(ctx, "$JS.API.STREAM.INFO."+p.stream, nil)
	if err != nil {
		return 0, 0, unavailable(err, "ask how full the stream is")
	}
	var got struct {
		State struct {
			Bytes uint64 `json:"bytes"`
		} `json:"state"`
		Config struct {
			MaxBytes uint64 `json:"max_bytes"`
		} `json:"config"`
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(reply.Data, &got); err != nil {
		return 0, 0, unavailable(err, "ask how full the stream is")
	}
	if got.Error != nil {
		return 0, 0, unavailable(got.Error, "ask how full the stream is")
	}
	return got.State.Bytes, got.Config.MaxBytes, nil
}

// compare reads back what the stream took for the same event.
func (p *Publisher) compare(ctx context.Context, sequence uint64, subject, id string, payload []byte) error {
	got, err := p.At(ctx, sequence)
	switch {
	case err != nil:
		return err
	case got.Sequence == 0:
		return unavailable(errors.New("the message is not there"), "read event back")
	case got.Subject != subject || !bytes.Equal(got.Data, payload):
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
