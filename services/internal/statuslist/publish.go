package statuslist

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
)

// Routes are the addresses of the lists, by pattern. Each list is signed by its
// issuer, and again when an entry or the issuer's key has changed, or half its lifetime
// is over.
func (l *Lists) Routes(write func(w http.ResponseWriter, r *http.Request, err error)) map[string]http.Handler {
	serve := func(f form) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := l.current(r.Context(), r.PathValue("list"), f)
			if err != nil {
				write(w, r, err)
				return
			}
			l.serve(w, r, f, body)
		})
	}
	return map[string]http.Handler{
		"GET " + bitstringPath + "{list}":                      serve(revocation),
		"GET " + bitstringPath + "{list}" + string(suspension): serve(suspension),
		"GET " + bitstringPath + "{list}" + string(message):    serve(message),
		"GET " + tokenPath + "{list}":                          serve(token),
	}
}

// serve writes a signed list. A reader's own cache may keep it for its time to
// live. A cache that several share must ask here each time: a decision that
// asks anew is not to get what somebody else got earlier. Anybody may read it,
// a page of another origin too (TSL section 8.1).
func (l *Lists) serve(w http.ResponseWriter, r *http.Request, f form, body []byte) {
	mediaType := "application/vc"
	if f == token {
		mediaType = status.MediaTypeToken
	}
	sum := sha256.Sum256(body)
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(l.TTL/time.Second))+", s-maxage=0")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// current gives a list as it is now, signed. One caller at a time signs a list.
func (l *Lists) current(ctx context.Context, list string, f form) ([]byte, error) {
	number, err := strconv.ParseInt(list, 10, 64)
	if err != nil || strconv.FormatInt(number, 10) != list || f == message && l.Messages == nil {
		return nil, unknownList()
	}
	issuer, version, err := readList(ctx, l.DB.Read(), number)
	if err != nil {
		return nil, err
	}
	signer, err := l.AssertionKey(ctx, issuer)
	if err != nil {
		return nil, err
	}
	key := signedKey(number, f, version, signer)
	if body, found, err := l.signed.Get(ctx, key); found || err != nil {
		return body, err
	}
	return l.signing.do(ctx, key, func(ctx context.Context) ([]byte, error) {
		if body, found, err := l.signed.Get(ctx, key); found || err != nil {
			return body, err
		}
		return l.renew(ctx, number, f)
	})
}

// signedKey names a version of a list, signed by a key, in memory. There it stays for
// half its lifetime.
func signedKey(number int64, f form, version int64, by credential.Key) string {
	return fmt.Sprintf("%d%s@%d %s", number, f, version, by.ID)
}

func readList(ctx context.Context, q sqldb.Querier, number int64) (issuer string, version int64, err error) {
	err = q.QueryRowContext(ctx, `SELECT issuer, version FROM status_list WHERE number = $1`, number).Scan(&issuer, &version)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", 0, unknownList()
	case err != nil:
		return "", 0, fmt.Errorf("read status list: %w", err)
	}
	return issuer, version, nil
}

// content is a list at one version.
type content struct {
	number  int64
	issuer  string
	version int64
	entries []marked
}

// marked is an entry that says something.
type marked struct {
	position           int
	revoked, suspended bool
	message            int
}

// renew signs a list as it stands.
func (l *Lists) renew(ctx context.Context, number int64, f form) ([]byte, error) {
	c := content{number: number}
	err := l.DB.Snapshot(ctx, func(q sqldb.Querier) (err error) {
		if c.issuer, c.version, err = readList(ctx, q, number); err != nil {
			return err
		}
		c.entries, err = readEntries(ctx, q, number)
		return err
	})
	if err != nil {
		return nil, err
	}
	key, err := l.AssertionKey(ctx, c.issuer)
	if err != nil {
		return nil, err
	}
	sign := l.signBitstring
	if f == token {
		sign = l.signToken
	}
	body, err := sign(ctx, c, f, key)
	if err != nil {
		return nil, fmt.Errorf("sign status list: %w", err)
	}
	return body, l.signed.Set(ctx, signedKey(number, f, c.version, key), body, l.Lifetime/2)
}

const selectMarked = `
	SELECT position, revoked_at <> 0, suspended_at <> 0, message FROM status_entry
	WHERE list = $1 AND (revoked_at <> 0 OR suspended_at <> 0 OR message <> 0)`

func readEntries(ctx context.Context, q sqldb.Querier, number int64) ([]marked, error) {
	rows, err := q.QueryContext(ctx, selectMarked, number)
	entries, err := sqldb.Collect(rows, err, func(r *sql.Rows) (m marked, err error) {
		err = r.Scan(&m.position, &m.revoked, &m.suspended, &m.message)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("read status entries: %w", err)
	}
	return entries, nil
}

// behind is how far behind the clock of a reader may be.
const behind = time.Minute

func (l *Lists) signBitstring(ctx context.Context, c content, f form, key credential.Key) ([]byte, error) {
	purpose, size := status.Revocation, 1
	switch f {
	case suspension:
		purpose = status.Suspension
	case message:
		purpose, size = status.Message, Reservation{}.Message(l.Messages).Size()
	}
	bits, err := status.NewBitstring(status.MinEntries * size)
	if err != nil {
		return nil, err
	}
	for _, entry := range c.entries {
		if err := bits.SetValue(entry.position, size, entry.value(f)); err != nil {
			return nil, err
		}
	}
	now := l.Clock.Now()
	list := status.List{
		ID: l.url(c.number, f), Issuer: c.issuer, Purposes: []status.Purpose{purpose},
		ValidFrom: now.Add(-behind), ValidUntil: now.Add(l.Lifetime), TTL: l.TTL, Bits: bits,
	}
	return credential.Issue(ctx, l.Signer, list.Document(), credential.Securing{Key: key, Created: now})
}

// tokenBits is the size of an entry of our Token Status Lists: valid, invalid
// and suspended need two.
const tokenBits = 2

func (l *Lists) signToken(ctx context.Context, c content, f form, key credential.Key) ([]byte, error) {
	statuses, err := status.NewStatuses(tokenBits, status.MinEntries)
	if err != nil {
		return nil, err
	}
	for _, entry := range c.entries {
		if err := statuses.Set(entry.position, entry.value(f)); err != nil {
			return nil, err
		}
	}
	now := l.Clock.Now()
	list := status.Token{
		URI: l.url(c.number, f), Issuer: c.issuer, IssuedAt: now, Expires: now.Add(l.Lifetime), TTL: l.TTL, Statuses: statuses,
	}
	compact, err := jws.Sign(ctx, l.Signer.Sign, jws.Header{Algorithm: key.Curve.Algorithm(), KeyID: key.ID, Type: status.TypeToken}, list.Claims())
	return []byte(compact), err
}

// value is the entry's value in a form of the list.
func (m marked) value(f form) int {
	switch {
	case f == message:
		return m.message
	case f == revocation && m.revoked, f == suspension && m.suspended:
		return 1
	case f == token && m.revoked:
		return status.TokenInvalid
	case f == token && m.suspended:
		return status.TokenSuspended
	}
	return 0
}
