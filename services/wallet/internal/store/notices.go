package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/wallet/internal/holding"
)

const noticeColumns = `id, holder, position, sender, language, received_at, read_at, sealed, kind`

// AddNotice puts a notice at the end of its holder's, sealed.
func (s Store) AddNotice(ctx context.Context, tx *sqldb.Tx, n holding.Notice) error {
	sealed, err := s.Sealer.Seal(ctx, []byte(n.Content), []byte(n.ID))
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO notice (`+noticeColumns+`)
		VALUES ($1, $2, (SELECT COALESCE(MAX(position), 0) + 1 FROM notice WHERE holder = $2), $3, $4, $5, 0, $6, $7)`,
		n.ID, n.Holder, n.Sender, n.Language, clock.Micros(n.ReceivedAt), sealed, string(n.Kind))
	if err != nil {
		return fmt.Errorf("add notice: %w", err)
	}
	return nil
}

// SaveNotice writes back when a notice was read.
func (s Store) SaveNotice(ctx context.Context, tx *sqldb.Tx, n holding.Notice) error {
	_, err := tx.ExecContext(ctx, `UPDATE notice SET read_at = $1 WHERE id = $2`, clock.Micros(n.ReadAt), n.ID)
	return err
}

// Notice finds one of a holder's notices.
func (s Store) Notice(ctx context.Context, q sqldb.Querier, holder, id string) (holding.Notice, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notice WHERE holder = $1 AND id = $2`, holder, id)
	all, err := s.notices(ctx, rows, err)
	if err != nil {
		return holding.Notice{}, err
	}
	if len(all) == 0 {
		return holding.Notice{}, fault.New(fault.NotFound, "notice.unknown", "there is no such notice in this wallet")
	}
	return all[0], nil
}

// Notices lists a holder's notices before a position, newest first.
func (s Store) Notices(ctx context.Context, q sqldb.Querier, holder string, before int64, limit int) ([]holding.Notice, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notice WHERE holder = $1 AND position < $2 ORDER BY position DESC LIMIT $3`, holder, before, limit)
	return s.notices(ctx, rows, err)
}

// Unread counts a holder's notices that are not read.
func (s Store) Unread(ctx context.Context, q sqldb.Querier, holder string) (n int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM notice WHERE holder = $1 AND read_at = 0`, holder).Scan(&n)
	return n, err
}

func (s Store) notices(ctx context.Context, rows *sql.Rows, err error) ([]holding.Notice, error) {
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (holding.Notice, error) {
		var n holding.Notice
		var received, read int64
		var sealed []byte
		err := r.Scan(&n.ID, &n.Holder, &n.Position, &n.Sender, &n.Language, &received, &read, &sealed, &n.Kind)
		n.ReceivedAt, n.ReadAt, n.Content = clock.FromMicros(received), clock.FromMicros(read), string(sealed)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", err)
	}
	for i := range all {
		plain, err := s.Sealer.Open(ctx, []byte(all[i].Content), []byte(all[i].ID))
		if err != nil {
			return nil, fmt.Errorf("unseal notice: %w", err)
		}
		all[i].Content = string(plain)
	}
	return all, nil
}
