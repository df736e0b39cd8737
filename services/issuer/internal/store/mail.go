package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/waiting"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/desk"
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

// DueMail gives mails that are due, those that have been for longest first.
func (s Store) DueMail(ctx context.Context, q sqldb.Querier, now time.Time, most int) ([]desk.Mail, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, sealed, attempts FROM mail_outbox WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT $2`,
		clock.Micros(now), most)
	due, err := sqldb.Collect(rows, err, func(r *sql.Rows) (m desk.Mail, err error) {
		return m, r.Scan(&m.ID, &m.Raw, &m.Attempts)
	})
	if err != nil {
		return nil, fmt.Errorf("read mail: %w", err)
	}
	for i, m := range due {
		if due[i].Raw, err = s.Sealer.Open(ctx, m.Raw, []byte(m.ID)); err != nil {
			return nil, fmt.Errorf("unseal mail: %w", err)
		}
	}
	return due, nil
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
