package agent

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// MaxEnvelope is the largest envelope that is read, in bytes.
const MaxEnvelope = 1 << 20

// Receive takes one envelope by HTTP POST (DIDComm v2.1, Transports, HTTPS)
// and answers 202 once its message is in the inbox. A repeated message is
// answered the same and has no second effect. What is not an authenticated,
// unexpired message for a DID of ours is dropped with a 4xx that says why, and
// the rule is logged; nothing else of a stranger's envelope is.
func (a *Agent) Receive(write func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			w.WriteHeader(http.StatusMethodNotAllowed)
			a.notTaken(r.Context(), "didcomm.http-method")
			return
		}
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != didcomm.EncryptedMediaType {
			w.Header().Set("Accept-Post", didcomm.EncryptedMediaType)
			w.WriteHeader(http.StatusUnsupportedMediaType)
			a.notTaken(r.Context(), "didcomm.media-type")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxEnvelope))
		if err != nil {
			var tooLarge *http.MaxBytesError
			if errors.As(err, &tooLarge) {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				a.notTaken(r.Context(), "didcomm.too-large")
				return
			}
			w.WriteHeader(http.StatusBadRequest)
			a.notTaken(r.Context(), "didcomm.body")
			return
		}
		if err := a.Accept(r.Context(), body); err != nil {
			write(w, r, err)
			a.notTaken(r.Context(), fault.RuleOf(err))
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// notTaken leaves a line behind for whoever asks later what was turned away.
func (a *Agent) notTaken(ctx context.Context, rule string) {
	a.Log.InfoContext(ctx, "envelope not taken", "rule", rule)
}

// Accept opens an envelope, checks who wrote it and puts it in the inbox.
func (a *Agent) Accept(ctx context.Context, body []byte) error {
	in, err := a.open(ctx, body, a.Clock.Now())
	if err != nil {
		return err
	}
	ctx = telemetry.Continue(ctx, in.Message.Headers["traceparent"])
	ctx, end := telemetry.Span(ctx, "didcomm.Receive")
	a.lately.keep(in, body)
	err = a.store(ctx, in, body)
	end(err)
	return err
}

// open proves the sender of an envelope that came at an instant, and that it
// may write to this DID.
func (a *Agent) open(ctx context.Context, body []byte, at time.Time) (Received, error) {
	received, err := envelope.Receive(ctx, a.Book, a.Resolver, body, at.Unix())
	if forgetful, ok := a.Resolver.(Forgetful); ok && err != nil && fault.RuleOf(err) == "envelope.sender-key" {
		received, err = envelope.Receive(ctx, a.Book, forgetful.Fresh(), body, at.Unix())
	}
	if err != nil {
		return Received{}, err
	}
	owner, onlyFrom, err := a.Book.Owner(ctx, received.RecipientDID)
	if err != nil {
		return Received{}, err
	}
	if onlyFrom != "" && onlyFrom != received.Sender {
		return Received{}, fault.New(fault.Denied, "didcomm.sender-not-expected", "this DID takes messages from one named sender only, and this is another")
	}
	return Received{Message: received.Message, Sender: received.Sender, Recipient: received.RecipientDID, Owner: owner, At: at}, nil
}

// insertArrival puts a message behind those of its thread that came before, whatever
// the clock says: received_at is their order.
const insertArrival = `
	INSERT INTO agent_inbox (sender, id, thread, type, recipient, traceparent, received_at, due_at, attempts, state, rule)
	VALUES ($1, $2, $3, $4, $5, $6,
		(SELECT CASE WHEN COALESCE(MAX(received_at), 0) >= $7 THEN MAX(received_at) + 1 ELSE $7 END
			FROM agent_inbox WHERE thread = $3 AND sender = $1),
		$7, 0, 'waiting', '') ON CONFLICT DO NOTHING`

// store keeps a message that was opened until it is acted on.
func (a *Agent) store(ctx context.Context, in Received, body []byte) error {
	if _, known := a.handlers[in.Message.Type]; !known {
		return typeUnknown()
	}
	err := a.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		now := clock.Micros(in.At)
		fresh, err := sqldb.Inserted(ctx, tx, insertArrival, in.Sender, in.Message.ID, in.Message.Thread(), in.Message.Type, in.Recipient, telemetry.Traceparent(ctx), now)
		if err != nil {
			return err
		}
		if fresh {
			_, err := tx.ExecContext(ctx, `INSERT INTO agent_inbox_letter (sender, id, envelope) VALUES ($1, $2, $3)`, in.Sender, in.Message.ID, body)
			if err != nil {
				return err
			}
			tx.OnCommit(a.arrived.Ring)
		}
		crash.At(crash.BeforeReceiveCommit)
		return nil
	})
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "didcomm.inbox", "the message could not be stored: send it again")
	}
	crash.At(crash.AfterReceiveCommit)
	return nil
}

func typeUnknown() error {
	return fault.New(fault.Invalid, "didcomm.type-unknown", "this agent does not take messages of this type")
}
