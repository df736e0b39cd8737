package agent

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/crash"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm"
	"github.com/kompetansespor/kompetansespor/services/internal/didcomm/envelope"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/runner"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
)

// Send puts a message in the outbox, in the caller's transaction. From is a
// DID of ours, to the one DID it goes to; Send fills id, from, to and time.
// Messages of a thread leave for their recipient in the order in which they
// were put in.
func (a *Agent) Send(ctx context.Context, tx *sqldb.Tx, from, to string, msg didcomm.Message) error {
	id, err := a.newID()
	if err != nil {
		return err
	}
	msg.ID = id
	msg.From, msg.To = from, []string{to}
	now := a.Clock.Now()
	msg.CreatedTime = now.Unix()
	if trace := telemetry.Traceparent(ctx); trace != "" {
		headers := map[string]string{"traceparent": trace}
		if lang := msg.Headers["lang"]; lang != "" {
			headers["lang"] = lang
		}
		msg.Headers = headers
	}
	plain, err := msg.Render()
	if err != nil {
		return fmt.Errorf("encode %s: %w", msg.Type, err)
	}
	sealed, err := a.Book.KeyStore().Seal(ctx, plain, []byte(msg.ID))
	if err != nil {
		return fmt.Errorf("seal %s: %w", msg.Type, err)
	}
	_, err = tx.ExecContext(ctx, `
		INSERT INTO agent_outbox (id, thread, type, sender, recipient, traceparent, created_at, due_at, attempts, state, rule, position)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $7, 0, 'waiting', '',
			(SELECT COALESCE(MAX(position), 0) + 1 FROM agent_outbox WHERE thread = $2 AND sender = $4))`,
		msg.ID, msg.Thread(), msg.Type, from, to, telemetry.Traceparent(ctx), clock.Micros(now))
	if err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO agent_outbox_letter (id, sealed) VALUES ($1, $2)`, msg.ID, sealed)
	}
	if err != nil {
		return fmt.Errorf("put %s in the outbox: %w", msg.Type, err)
	}
	tx.OnCommit(a.leaving.Ring)
	return nil
}

// newID is a random message id; DIDComm v2.1 asks for unreserved characters.
func (a *Agent) newID() (string, error) {
	var random [16]byte
	if _, err := io.ReadFull(a.Random, random[:]); err != nil {
		return "", fmt.Errorf("make a message id: %w", err)
	}
	return hex.EncodeToString(random[:]), nil
}

// departure is a waiting row of the outbox.
type departure struct {
	id, kind, sender, recipient, traceparent string
	sealed                                   []byte
	attempts                                 int64
}

const selectDepartures = `
	SELECT o.id, o.type, o.sender, o.recipient, o.traceparent, l.sealed, o.attempts
	FROM agent_outbox AS o JOIN agent_outbox_letter AS l ON l.id = o.id
	WHERE state = 'waiting' AND due_at <= $1 AND NOT EXISTS (
		SELECT 1 FROM agent_outbox AS e
		WHERE e.thread = o.thread AND e.sender = o.sender AND e.recipient = o.recipient AND e.position < o.position AND e.state = 'waiting')
	ORDER BY due_at LIMIT 32`

// SendStep posts the messages that are due: in order within a thread and its
// recipient, side by side across threads. The recipient counts because it may
// have named the thread: nobody makes others' messages wait.
func (a *Agent) SendStep(ctx context.Context) (bool, error) {
	rows, err := a.DB.Read().QueryContext(ctx, selectDepartures, clock.Micros(a.Clock.Now()))
	due, err := sqldb.Collect(rows, err, func(r *sql.Rows) (departure, error) {
		var one departure
		err := r.Scan(&one.id, &one.kind, &one.sender, &one.recipient, &one.traceparent, &one.sealed, &one.attempts)
		return one, err
	})
	if err != nil || len(due) == 0 {
		return false, err
	}
	return true, runner.Each(ctx, atOnce, due, a.send)
}

func (a *Agent) send(ctx context.Context, one departure) error {
	ctx = telemetry.Continue(ctx, one.traceparent)
	ctx, end := telemetry.Span(ctx, spanName("didcomm.Send ", one.kind))
	err := a.deliver(ctx, one)
	end(err)
	switch {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		crash.At(crash.AfterSend)
		return a.ended(ctx, one, "sent", "")
	case fault.KindOf(err).Permanent():
		a.Log.ErrorContext(ctx, "message cannot be delivered", "type", one.kind, "rule", fault.RuleOf(err), "error", err.Error())
		return a.ended(ctx, one, "failed", fault.RuleOf(err))
	}
	a.Log.InfoContext(ctx, "message will be sent again", "type", one.kind, "attempts", one.attempts+1, "error", err.Error())
	due := a.Clock.Now().Add(backOff(one.attempts))
	return a.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE agent_outbox SET attempts = attempts + 1, due_at = $1 WHERE id = $2`, clock.Micros(due), one.id)
		return err
	})
}

// deliver seals the message for its recipient and posts it.
func (a *Agent) deliver(ctx context.Context, one departure) error {
	plain, err := a.Book.KeyStore().Open(ctx, one.sealed, []byte(one.id))
	if err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	doc, err := a.Resolver.Resolve(ctx, one.recipient)
	if err != nil {
		return err
	}
	endpoint, ok := doc.DIDComm()
	if !ok {
		return fault.New(fault.Invalid, "didcomm.no-endpoint", "the recipient's DID document names no DIDComm endpoint")
	}
	sealed, err := envelope.Seal(ctx, a.Book, a.Resolver, plain, one.sender, one.recipient)
	if err != nil {
		return err
	}
	crash.At(crash.BeforeSend)
	_, _, err = a.Post.Post(ctx, endpoint.URI, didcomm.EncryptedMediaType, sealed)
	return err
}

func (a *Agent) ended(ctx context.Context, one departure, state, rule string) error {
	return a.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.ExecContext(ctx, `UPDATE agent_outbox SET state = $1, rule = $2 WHERE id = $3`, state, rule, one.id); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM agent_outbox_letter WHERE id = $1`, one.id)
		return err
	})
}

// spanName is the verb and the last two parts of a message type.
func spanName(verb, messageType string) string {
	parts := strings.Split(messageType, "/")
	return verb + strings.Join(parts[max(0, len(parts)-3):], "/")
}
