package store

import (
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"

	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// AddMail puts a mail in the outbox, sealed, once for each id.
func (s Store) AddMail(ctx context.Context, tx *sqldb.Tx, id string, raw []byte, due time.Time) error {
	sealed, err := s.Sealer.Seal(ctx, raw, []byte(id))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO mail_outbox (id, sealed, due_at, attempts, state) VALUES ($1, $2, $3, 0, 'waiting')`, id, sealed, clock.Micros(due))
	return err
}

// NextMail gives a mail that is due, "" when there is none.
func (s Store) NextMail(ctx context.Context, q sqldb.Querier, now time.Time) (id string, raw []byte, attempts int64, err error) {
	var sealed []byte
	err = q.QueryRowContext(ctx, `SELECT id, sealed, attempts FROM mail_outbox WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT 1`,
		clock.Micros(now)).Scan(&id, &sealed, &attempts)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil, 0, nil
	}
	if err != nil {
		return "", nil, 0, err
	}
	raw, err = s.Sealer.Open(ctx, sealed, []byte(id))
	return id, raw, attempts, err
}

// MailSent forgets a mail that has left.
func (s Store) MailSent(ctx context.Context, tx *sqldb.Tx, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM mail_outbox WHERE id = $1`, id)
	return err
}

// MailLater puts a mail off.
func (s Store) MailLater(ctx context.Context, tx *sqldb.Tx, id string, due time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE mail_outbox SET attempts = attempts + 1, due_at = $1 WHERE id = $2`, clock.Micros(due), id)
	return err
}

// Waiting is mail that must leave.
func Waiting() waiting.Source {
	return waiting.Of("mail to send", `SELECT COUNT(*), COALESCE(MIN(due_at), 0), COALESCE(MAX(attempts), 0) FROM mail_outbox WHERE state = 'waiting'`)
}
