package invariants

import (
	"database/sql"
	"encoding/json"

	"github.com/kompetansespor/kompetansespor/services/internal/accesslog"
	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// accesses checks I5: the verifier's access log is an unbroken hash chain up
// to the head that is kept beside it.
func (c *checker) accesses() error {
	if !c.has("verifier") {
		return nil
	}
	rows, err := list(c, "verifier", `
		SELECT position, case_ref, at, agency, caller, purpose, claims, prev_hash, row_hash FROM access_log ORDER BY position`,
		func(r *sql.Rows, row *accesslog.Row) error {
			var at int64
			var claims string
			if err := r.Scan(&row.Position, &row.Case, &at, &row.Agency, &row.Caller, &row.Purpose, &claims, &row.Previous, &row.Hash); err != nil {
				return err
			}
			row.At = clock.FromMicros(at)
			return json.Unmarshal([]byte(claims), &row.Claims)
		})
	if err != nil {
		return err
	}
	heads, err := list(c, "verifier", `SELECT position, row_hash FROM access_log_head`, func(r *sql.Rows, head *accesslog.Head) error {
		return r.Scan(&head.Position, &head.Hash)
	})
	if err != nil {
		return err
	}
	if len(heads) != 1 {
		c.breach("verifier: access log", "it has %d heads", len(heads))
		return nil
	}
	head := heads[0]
	if head.Position == 0 && head.Hash == nil {
		head = accesslog.Empty()
	}
	if err := accesslog.Verify(rows, head); err != nil {
		c.breach("verifier: access log", "%s", fault.From(err).Message)
	}
	return nil
}
