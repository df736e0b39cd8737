package statuslist

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"net/http"
	"strconv"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Publish serves a list at /status/{list} as a signed credential, renewed
// when a bit changes or half its lifetime has passed.
func (l *Lists) Publish(write func(w http.ResponseWriter, r *http.Request, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		number, err := strconv.ParseInt(r.PathValue("list"), 10, 64)
		if err != nil {
			write(w, r, fault.New(fault.NotFound, "status.no-such-list", "there is no such status list"))
			return
		}
		body, err := l.current(r.Context(), number)
		if err != nil {
			write(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/vc")
		w.Header().Set("Cache-Control", "no-cache")
		_, _ = w.Write(body)
	})
}

func (l *Lists) current(ctx context.Context, number int64) ([]byte, error) {
	var issuer string
	var version int64
	err := l.DB.Read().QueryRowContext(ctx, `SELECT issuer, version FROM status_list WHERE number = $1`, number).Scan(&issuer, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "status.no-such-list", "there is no such status list")
	}
	if err != nil {
		return nil, fmt.Errorf("read status list: %w", err)
	}
	now := l.Clock.Now()
	l.mu.Lock()
	have, ok := l.published[number]
	l.mu.Unlock()
	if ok && have.version == version && now.Before(have.until.Add(-l.Lifetime/2)) {
		return have.body, nil
	}
	bits, err := l.bits(ctx, number)
	if err != nil {
		return nil, err
	}
	until := now.Add(l.Lifetime)
	list := status.List{ID: l.url(number), Issuer: issuer, Purpose: status.Revocation, ValidFrom: now, ValidUntil: until, Bits: bits}
	key, err := l.AssertionKey(ctx, issuer)
	if err != nil {
		return nil, err
	}
	body, err := credential.Issue(ctx, l.Signer, list.Document(), credential.Securing{Key: key, Created: now})
	if err != nil {
		return nil, fmt.Errorf("sign status list: %w", err)
	}
	l.mu.Lock()
	l.published[number] = published{version: version, until: until, body: body}
	l.mu.Unlock()
	return body, nil
}

func (l *Lists) bits(ctx context.Context, number int64) (*status.Bitstring, error) {
	rows, err := l.DB.Read().QueryContext(ctx, `SELECT position FROM status_entry WHERE list = $1 AND revoked_at <> 0`, number)
	revoked, err := sqldb.Collect(rows, err, func(r *sql.Rows) (int, error) {
		var position int
		err := r.Scan(&position)
		return position, err
	})
	if err != nil {
		return nil, fmt.Errorf("read status list: %w", err)
	}
	bits, err := status.NewBitstring(status.MinEntries)
	if err != nil {
		return nil, err
	}
	for _, position := range revoked {
		if err := bits.Set(position, true); err != nil {
			return nil, err
		}
	}
	return bits, nil
}
